/**
 * The JSON that a provider answers; an empty object where it is none, where it ends early, or where there is more of it than
 * an answer ever has: what is beyond `maxBytes` is not read.
 */
export async function jsonOf({ body }: Response, maxBytes: number): Promise<Readonly<Record<string, unknown>>> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  try {
    for await (const chunk of body ?? []) {
      size += chunk.length;
      // Leaving the loop ends the connection.
      if (size > maxBytes) return {};
      chunks.push(chunk);
    }
    const parsed: unknown = JSON.parse(Buffer.concat(chunks).toString());
    return typeof parsed === 'object' && parsed !== null ? (parsed as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}

/** Reads nothing of an answer whose status says it all. */
export async function unread({ body }: Response): Promise<void> {
  await body?.cancel().catch(() => undefined);
}
