/** Those that were made here for previews: each holds its file in memory until its message is sent or dropped. */
const own = new Set<string>();

/** Undefined where there is no page, and nobody looks at it. */
export function objectUrlOf(file: File): string | undefined {
  if (!('document' in globalThis)) return undefined;
  const url = URL.createObjectURL(file);
  own.add(url);
  return url;
}

export function revokeObjectUrl(url: string): void {
  if (own.delete(url)) URL.revokeObjectURL(url);
}

/** It ends with the page that made it. */
export const isDeadObjectUrl = (url: string): boolean => url.startsWith('blob:') && !own.has(url);
