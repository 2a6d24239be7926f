const MEGABYTE = 1024 * 1024;

/** What so many bytes count for in the limit `uploadedMegabytes`. */
export function megabytes(bytes: number): number {
  return Math.ceil(bytes / MEGABYTE);
}
