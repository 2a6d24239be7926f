/** What is known of an image without decoding it. */
export interface ImageHeader {
  format: string;
  /** Pixels of one frame. */
  width: number;
  height: number;
  /** Frames. */
  pages?: number | undefined;
  /** Bytes of the file. */
  size: number;
}

/** Of all frames together. A phone's largest picture has fifty million. */
export const MAX_PIXELS = 50_000_000;
/** A phone's largest picture costs half of it, as a JPEG of 50 million pixels or as an AVIF of 12. */
export const MAX_COST_MS = 5_000;

/** Decoding a megapixel, encoding it anew and making its thumbnails: milliseconds of one core of 2020, photographs. */
const COST_OF_MEGAPIXEL_MS: Readonly<Record<string, number>> = { jpeg: 30, png: 80, gif: 80, webp: 160, heif: 220 };
const COST_OF_UNKNOWN_MS = 220;
/** A GIF's colours are chosen anew for each frame: what moves costs more than what stands, and is more bytes. */
const COST_OF_GIF_MEGABYTE_MS = 360;

/** What processing an image will take, in milliseconds of a processor: a guess, from its size and its coding. */
export function estimatedCost({ format, width, height, pages = 1, size }: ImageHeader): number {
  const megapixels = (width * height * pages) / 1_000_000;
  const ofBytes = format === 'gif' ? (size / 1_000_000) * COST_OF_GIF_MEGABYTE_MS : 0;
  return megapixels * (COST_OF_MEGAPIXEL_MS[format] ?? COST_OF_UNKNOWN_MS) + ofBytes;
}

/** Whether an image is more than any phone takes: then it is not decoded. */
export function isTooCostly(header: ImageHeader): boolean {
  const { width, height, pages = 1 } = header;
  return width * height * pages > MAX_PIXELS || estimatedCost(header) > MAX_COST_MS;
}
