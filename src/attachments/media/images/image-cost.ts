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
  /** Whether it is kept in passes, each over the whole picture. */
  isProgressive?: boolean | undefined;
  /** How many times it goes over the whole picture; known of JPEG. */
  scans?: number | undefined;
  /** Whether its colours are kept as finely as its brightness. */
  isFullChroma?: boolean | undefined;
  /** Whether it has to be turned to be upright. */
  isTurned?: boolean | undefined;
  /** What it is encoded as. */
  output?: string | undefined;
}

/** More than two hundred million no phone takes, and no picture format but TIFF is used for. */
export const MAX_PIXELS = 200_000_000;
/** A phone's largest picture costs half of it, as a JPEG of 64 million pixels or as an AVIF of 12. */
export const MAX_COST_MS = 5_000;

/** Decoding a megapixel, encoding it anew and making its thumbnails: milliseconds of one core of 2020, photographs. */
const COST_OF_MEGAPIXEL_MS: Readonly<Record<string, number>> = {
  jpeg: 30,
  png: 80,
  gif: 80,
  webp: 160,
  heif: 220,
  heic: 150,
};
const COST_OF_UNKNOWN_MS = 220;
/**
 * What has more in it is more bytes and takes longer to encode. A GIF's colours are chosen anew for each frame: what moves costs more
 * than what stands.
 */
const COST_OF_MEGABYTE_MS: Readonly<Record<string, number>> = { gif: 360, webp: 200 };
/** All frames of an animation in WebP are encoded again for each small picture that is smaller than it: so many times as much in all. */
const COST_OF_SMALL_PICTURES: readonly (readonly [maxSide: number, factor: number])[] = [
  [320, 1],
  [1_280, 1.2],
  [Number.POSITIVE_INFINITY, 1.75],
];
/** A scan of a megapixel in which nothing changes, which takes next to no bytes of the file. */
const COST_OF_SCAN_MS = 0.3;
/** The decoder works row by row, and makes the small pictures column by column: of a line of one pixel's width that is nearly all. */
const COST_OF_MILLION_ROWS_MS = 1_200;
const COST_OF_MILLION_COLUMNS_MS = 50;

/** What processing an image will take, in milliseconds of a processor: a guess, from its size and its coding. */
export function estimatedCost(header: ImageHeader): number {
  const { format, width, height, pages = 1, size, scans = 1, isTurned = false } = header;
  const megapixels = (width * height * pages) / 1_000_000;
  const ofBytes = (size / 1_000_000) * (COST_OF_MEGABYTE_MS[format] ?? 0);
  // What is turned has its columns for rows afterwards.
  const rows = (isTurned ? Math.max(width, height) : height) * pages;
  const ofSides = (rows * COST_OF_MILLION_ROWS_MS + width * COST_OF_MILLION_COLUMNS_MS) / 1_000_000;
  const ofMegapixel = (COST_OF_MEGAPIXEL_MS[format] ?? COST_OF_UNKNOWN_MS) + Math.max(0, scans - 1) * COST_OF_SCAN_MS;
  const side = Math.max(width, height);
  const [, factor] = COST_OF_SMALL_PICTURES.find(([maxSide]) => side <= maxSide) as readonly [number, number];
  return (megapixels * ofMegapixel + ofBytes) * (format === 'webp' && pages > 1 ? factor : 1) + ofSides;
}

/** Whether an image is more than any phone takes: then it is not decoded. */
export function isTooCostly(header: ImageHeader): boolean {
  const { width, height, pages = 1 } = header;
  return width * height * pages > MAX_PIXELS || estimatedCost(header) > MAX_COST_MS;
}

/** The worker with its libraries, and what it needs for rows and small pictures. */
const BASE_BYTES = 95 * 1024 * 1024;
/** Bytes that decoding keeps of each pixel where nothing is said below: measured, and rounded up. */
const DECODED_BYTES: Readonly<Record<string, number>> = { jpeg: 0.3, png: 1.5, gif: 5, webp: 4, heif: 17, heic: 14 };
const DECODED_BYTES_OF_UNKNOWN = 17;
/** A JPEG that comes in passes is kept whole as what it is made of: with every second colour, or with all. */
const PROGRESSIVE_BYTES = 3.2;
const PROGRESSIVE_FULL_BYTES = 6.2;
const INTERLACED_BYTES = 4;
/** To be turned it is kept whole. */
const TURNED_BYTES = 3;
/** The encoder of WebP keeps all of the picture, the others some rows of it. */
const ENCODED_BYTES: Readonly<Record<string, number>> = { webp: 12, gif: 3 };

/** The memory that the worker will have taken at most while it processes an image: a guess that errs upwards. */
export function estimatedMemory(header: ImageHeader): number {
  const { format, width, height, pages = 1, size, isProgressive = false, isFullChroma = false, isTurned } = header;
  let bytes = DECODED_BYTES[format] ?? DECODED_BYTES_OF_UNKNOWN;
  if (isProgressive && format === 'jpeg') bytes = isFullChroma ? PROGRESSIVE_FULL_BYTES : PROGRESSIVE_BYTES;
  if (isProgressive && format === 'png') bytes = INTERLACED_BYTES;
  if (isTurned === true) bytes += TURNED_BYTES;
  bytes = Math.max(bytes, 0) + (ENCODED_BYTES[header.output ?? format] ?? 0);
  return BASE_BYTES + 3 * size + Math.ceil(bytes * width * height * pages);
}
