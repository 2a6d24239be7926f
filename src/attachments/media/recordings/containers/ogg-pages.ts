import { open } from 'node:fs/promises';

/** What a page says of itself: 27 bytes, the last of which counts the lengths behind them. */
const HEAD_BYTES = 27;
const MAX_HEAD_BYTES = HEAD_BYTES + 255;

/**
 * Takes the last page out of an Ogg that breaks off within it. No player gets anything out of such a page, and to a reader it hides
 * what all the others say.
 * @returns what was taken out; undefined where there is no such page, and the file is as it was
 */
export async function takeBrokenPage(path: string): Promise<Buffer | undefined> {
  const file = await open(path, 'r+');
  try {
    const { size } = await file.stat();
    const head = Buffer.alloc(MAX_HEAD_BYTES);
    for (let at = 0; at < size; ) {
      const { bytesRead } = await file.read(head, 0, MAX_HEAD_BYTES, at);
      const begins = head.subarray(0, Math.min(4, bytesRead)).toString('latin1');
      // What follows is no page, and may be anything.
      if (!'OggS'.startsWith(begins)) return undefined;
      const bytes = bytesRead < HEAD_BYTES ? HEAD_BYTES : pageBytes(head);
      if (at + bytes > size) {
        const { buffer } = await file.read(Buffer.alloc(size - at), 0, size - at, at);
        await file.truncate(at);
        return buffer;
      }
      at += bytes;
    }
    return undefined;
  } finally {
    await file.close();
  }
}

function pageBytes(head: Buffer): number {
  const lengths = head.subarray(HEAD_BYTES, HEAD_BYTES + (head[HEAD_BYTES - 1] ?? 0));
  return HEAD_BYTES + lengths.length + lengths.reduce((sum, length) => sum + length, 0);
}
