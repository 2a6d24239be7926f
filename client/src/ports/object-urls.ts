/** Those that were made here for previews: each holds its file in memory until its message is sent or dropped. */
export const objectUrls = new Set<string>();

/** Undefined where there is no page, and nobody looks at it. */
export function objectUrlOf(file: File): string | undefined {
  if (!('document' in globalThis)) return undefined;
  const url = URL.createObjectURL(file);
  objectUrls.add(url);
  return url;
}
