import { readFile, rm, writeFile } from 'node:fs/promises';
import { encode } from 'blurhash';
import sharp, { type Metadata, type OutputInfo, type Sharp } from 'sharp';
import { type ImageJob, MediaError, type MediaJob, type ProcessedImage } from '../media-job.js';
import { gifFrames } from './gif.js';
import { asTiff, decodeHeic } from './heic.js';
import { cleanPictureSequence } from '../recordings/containers/movie-boxes.js';
import { brandsOf, codedSize, nameCoding } from './heif-brand.js';
import {
  estimatedCost,
  estimatedMemory,
  type ImageHeader,
  isTooCostly,
  MAX_COST_MS,
  MAX_PIXELS,
} from './image-cost.js';
import { countScans } from './jpeg-scans.js';
import { isPolyglot } from './image-polyglots.js';

/** A PNG may be larger encoded anew, but not by much. */
const MAX_GROWTH = 8;
const MIN_OUTPUT_BYTES = 32 * 1024 * 1024;
const BLURHASH_SIZE = 32;
const QUALITY = 85;
/** Of what is encoded anew twice. */
const INTERMEDIATE_QUALITY = 97;
const THUMBNAIL_QUALITY = 80;
/** A JPEG with more pixels is written row by row: its coding could be a little tighter, for all of it in memory. */
const MAX_OPTIMISED_PIXELS = 16_000_000;
/** WebP knows no more. */
const MAX_WEBP_SIDE = 16_383;
/** What the small pictures of an animation may cost that is kept as it came. */
const MAX_PREVIEW_COST_MS = MAX_COST_MS / 2;

// One image at a time, on one core: the other one is for messages.
sharp.concurrency(1);
sharp.cache(false);

/** Bytes of a picture, with what has to be done to them before anything else. */
interface Source {
  bytes: Buffer;
  header: ImageHeader;
  /** How it is meant to be turned, by EXIF; 1 is upright. */
  orientation: number;
  /** Which of several pictures it is; undefined for the only one. */
  page?: number | undefined;
  /** An animation that is kept as it is, for all of its frames would cost too much: how many its small pictures show. */
  previewPages?: number | undefined;
}

/**
 * The image encoded anew, turned upright and without metadata, and its thumbnails, in files. All files are read and written
 * here, never by the decoder: so what fails says whose fault it is.
 */
export async function processImage({
  input,
  output,
  thumbnails,
  maxMemoryBytes,
}: ImageJob & Pick<MediaJob, 'maxMemoryBytes'>): Promise<ProcessedImage> {
  const file = await readFile(input);
  if (isPolyglot(file)) throw new MediaError('invalid', 'it is something else besides an image');
  try {
    const isSequence = brandsOf(file).includes('avis') && (await cleanedInto(output, file));
    const source = await sourceOf(file, maxMemoryBytes);
    const animated = (source.header.pages ?? 1) > 1;
    const { previewPages } = source;
    const whole = previewPages === undefined ? await encoded(source) : asItIs(source);
    if (whole.data.length > Math.max(MIN_OUTPUT_BYTES, file.length * MAX_GROWTH))
      throw new MediaError('costly', 'it grows too large where it is encoded anew');
    if (!isSequence) await writeFile(output, whole.data);
    const { width, height, pageHeight } = whole.info;
    const side = Math.max(width, pageHeight ?? height);
    // What is as small as a small picture is it itself: of an animation each encoding costs as much as the first.
    const large =
      animated && whole.info.format === 'webp' && side <= 1_280
        ? whole.data
        : await thumbnail(whole.data, 1_280, animated, previewPages);
    await writeFile(thumbnails[1280], large);
    // JPEG is decoded small where a small picture is wanted. What is not is decoded once, each picture from the larger one.
    const isSmall = animated && side <= 320;
    const small = isSmall ? large : await thumbnail(whole.info.format === 'jpeg' ? whole.data : large, 320, animated);
    await writeFile(thumbnails[320], small);
    const format = isSequence ? 'avif' : whole.info.format;
    return {
      mimeType: `image/${format}`,
      extension: format === 'jpeg' ? 'jpg' : format,
      size: isSequence ? file.length : whole.data.length,
      width,
      height: pageHeight ?? height,
      animated: animated || isSequence,
      blurhash: await blurhash(small),
    };
  } catch (error) {
    for (const path of [output, ...Object.values(thumbnails)]) await rm(path, { force: true });
    throw error;
  }
}

/**
 * Pictures in AVIF that follow one another, which nothing here encodes: they are kept as they came, without anything that is no picture.
 * @returns false where there is but one, or where nobody can say which bytes are theirs; what is at `output` is of no use then.
 */
async function cleanedInto(output: string, file: Buffer): Promise<boolean> {
  await writeFile(output, file);
  return cleanPictureSequence(output);
}

/** @throws MediaError `costly` for what will take too much of the processor or of the memory: it is not decoded then. */
async function sourceOf(given: Buffer, maxMemoryBytes: number): Promise<Source> {
  const file = withoutSurplus(given);
  const metadata = await sharp(file, { limitInputPixels: false }).metadata();
  const isHeic = metadata.format === 'heif' && metadata.compression !== 'av1';
  // A camera's HEIF and an AVIF may hold several pictures, of different sizes: the first is what is shown.
  const pages = metadata.format === 'heif' ? 1 : (metadata.pages ?? 1);
  const orientation = metadata.format === 'heif' ? 1 : (metadata.orientation ?? 1);
  const shown = {
    width: metadata.width,
    height: pages > 1 ? (metadata.pageHeight ?? metadata.height) : metadata.height,
  };
  const coded = metadata.format === 'heif' ? codedSize(file) : shown;
  const header: ImageHeader = {
    format: isHeic ? 'heic' : metadata.format,
    ...(coded.width * coded.height > shown.width * shown.height ? coded : shown),
    pages,
    size: file.length,
    isProgressive: metadata.isProgressive,
    scans: metadata.format === 'jpeg' ? countScans(file) : undefined,
    isFullChroma: metadata.chromaSubsampling === '4:4:4',
    isTurned: orientation > 1,
  };
  header.output = outputOf(header, metadata, maxMemoryBytes);
  const isTooMuch = isTooCostly(header) || estimatedMemory(header) > maxMemoryBytes;
  if (header.format === 'gif' && pages > 1 && isTooMuch) {
    const previewPages = affordablePages(header, maxMemoryBytes);
    if (previewPages > 0) return { bytes: file, header, orientation, previewPages };
  }
  if (isTooCostly(header)) throw new MediaError('costly', 'it has too many pixels');
  if (isHeic) {
    requireMemory(header, maxMemoryBytes);
    return { bytes: asTiff(await decodeHeic(file), metadata.icc), header, orientation };
  }
  if (header.format === 'jpeg' && header.isProgressive === true && header.isTurned === true) {
    // What comes in passes and what is turned are each kept whole: one after the other instead of both.
    const upright = { ...header, isTurned: false };
    if (estimatedMemory(header) > maxMemoryBytes) {
      requireMemory(upright, maxMemoryBytes);
      const rows = open(file).withMetadata({ orientation });
      const bytes = await rows.jpeg({ quality: INTERMEDIATE_QUALITY, optimiseCoding: false }).toBuffer();
      return { bytes, header: { ...header, isProgressive: false, size: bytes.length }, orientation };
    }
  }
  requireMemory(header, maxMemoryBytes);
  return { bytes: file, header, orientation, page: metadata.format === 'heif' ? metadata.pagePrimary : undefined };
}

/** What decoders stumble over, or do not know, although it is of no importance. */
function withoutSurplus(file: Buffer): Buffer {
  if (file.toString('latin1', 0, 3) === 'GIF') {
    const frames = gifFrames(file);
    if (frames === undefined) throw new MediaError('invalid', 'there is no whole picture in it');
    return frames;
  }
  nameCoding(file);
  return file;
}

/** How many of the first frames of an animation may be decoded; 0 where that is none, or where all of them are too many for anybody. */
function affordablePages(header: ImageHeader, maxMemoryBytes: number): number {
  const { width, height, pages = 1, size } = header;
  if (width * height * pages > MAX_PIXELS) return 0;
  const first = { ...header, pages: 1, size: size / pages };
  const affordable = Math.floor(MAX_PREVIEW_COST_MS / estimatedCost(first));
  const perPage = estimatedMemory({ ...first, size: 0 }) - estimatedMemory({ ...first, size: 0, pages: 0 });
  const left = maxMemoryBytes - estimatedMemory({ ...first, size, pages: 0 });
  return Math.max(0, Math.min(pages, affordable, Math.floor(left / perPage)));
}

function asItIs({ bytes, header: { format, width, height } }: Source): Encoded {
  return { data: bytes, info: { format, width, height } };
}

function requireMemory(header: ImageHeader, maxMemoryBytes: number): void {
  if (estimatedMemory(header) > maxMemoryBytes) throw new MediaError('costly', 'it takes too much memory');
}

/** Its own format where that is one for everybody. What WebP cannot hold, or not in this memory, becomes JPEG. */
function outputOf(header: ImageHeader, { hasAlpha }: Metadata, maxMemoryBytes: number): string {
  const { format, width, height, pages = 1 } = header;
  if (format === 'jpeg' || format === 'heic') return 'jpeg';
  if (format === 'png' || format === 'gif') return format;
  const isTooMuch =
    Math.max(width, height) > MAX_WEBP_SIDE || estimatedMemory({ ...header, output: 'webp' }) > maxMemoryBytes;
  return isTooMuch && !hasAlpha && pages === 1 ? 'jpeg' : 'webp';
}

function open(
  bytes: Buffer,
  { animated = false, page, pages }: { animated?: boolean; page?: number | undefined; pages?: number | undefined } = {},
): Sharp {
  return sharp(bytes, {
    limitInputPixels: MAX_PIXELS,
    failOn: 'error',
    ...(pages === undefined ? { animated } : { pages }),
    sequentialRead: true,
    ...(page === undefined ? {} : { page }),
  });
}

interface Encoded {
  data: Buffer;
  info: Pick<OutputInfo, 'format' | 'width' | 'height' | 'pageHeight'>;
}

/** Encoded anew: nothing is left but what is seen. */
async function encoded(source: Source): Promise<Encoded> {
  const image = await upright(source);
  const { output, width, height } = source.header;
  switch (output) {
    case 'jpeg':
      image.jpeg({ quality: QUALITY, optimiseCoding: width * height <= MAX_OPTIMISED_PIXELS });
      break;
    case 'png':
      image.png();
      break;
    case 'gif':
      image.gif();
      break;
    default:
      image.webp({ quality: QUALITY });
  }
  return image.toBuffer({ resolveWithObject: true });
}

async function upright({ bytes, header, orientation, page }: Source): Promise<Sharp> {
  const { pages = 1 } = header;
  if (pages === 1) return open(bytes, { page }).autoOrient();
  if (orientation === 1) return open(bytes, { animated: true });
  // An animation is one tall picture to the decoder, which cannot be turned as such.
  const frames: Buffer[] = [];
  let size = { width: header.width, height: header.height };
  for (let frame = 0; frame < pages; frame += 1) {
    const turned = open(bytes, { page: frame }).autoOrient().ensureAlpha().raw();
    const { data, info } = await turned.toBuffer({ resolveWithObject: true });
    frames.push(data);
    size = { width: info.width, height: info.height };
  }
  const { delay, loop } = await open(bytes, { animated: true }).metadata();
  const all = sharp(Buffer.concat(frames), {
    raw: { width: size.width, height: size.height * pages, channels: 4, pageHeight: size.height },
    limitInputPixels: MAX_PIXELS,
  });
  return all.webp({ quality: QUALITY, ...(delay === undefined ? {} : { delay }), loop: loop ?? 0 });
}

function thumbnail(bytes: Buffer, size: number, animated: boolean, pages?: number): Promise<Buffer> {
  return open(bytes, { animated, pages })
    .resize(size, size, { fit: 'inside', withoutEnlargement: true })
    .webp({ quality: THUMBNAIL_QUALITY })
    .toBuffer();
}

async function blurhash(bytes: Buffer): Promise<string> {
  const { data, info } = await sharp(bytes)
    .resize(BLURHASH_SIZE, BLURHASH_SIZE, { fit: 'inside' })
    .ensureAlpha()
    .raw()
    .toBuffer({ resolveWithObject: true });
  return encode(new Uint8ClampedArray(data), info.width, info.height, 4, 3);
}
