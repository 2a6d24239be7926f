/**
 * A process of its own that decodes images, started and fed by `ImageProcessor`. Decoding hostile bytes is the most
 * dangerous and the most expensive thing this server does: here it can neither crash nor slow what carries messages.
 */
import { readFile, rm, stat } from 'node:fs/promises';
import process from 'node:process';
import { encode } from 'blurhash';
import sharp, { type Sharp } from 'sharp';
import { isTooCostly, MAX_PIXELS } from './image-cost.js';
import type { ImageFault, ImageJob, ImageResult, ProcessedImage } from './image-job.js';
import { isPolyglot } from './image-polyglots.js';

const CPU_CHECK_MS = 100;
/** A PNG may be larger encoded anew, but not by much. */
const MAX_GROWTH = 8;
const MIN_OUTPUT_BYTES = 32 * 1024 * 1024;
const BLURHASH_SIZE = 32;
const QUALITY = 85;
const THUMBNAIL_QUALITY = 80;

// One image at a time, on one core: the other one is for messages.
sharp.concurrency(1);
sharp.cache(false);

process.on('disconnect', () => process.exit(0));
process.on('message', (job: ImageJob) => void work(job));

class Fault extends Error {
  constructor(
    readonly kind: ImageFault,
    message: string,
  ) {
    super(message);
  }
}

async function work(job: ImageJob): Promise<void> {
  const before = process.cpuUsage();
  const cpuMs = (): number => {
    const { user, system } = process.cpuUsage(before);
    return (user + system) / 1_000;
  };
  // Decoding is in threads, so that this one is free to look.
  const watch = setInterval(() => {
    if (cpuMs() < job.maxCpuMs) return;
    clearInterval(watch);
    answer({ fault: 'costly', message: 'it took too long to decode', cpuMs: cpuMs(), isOverrun: true });
  }, CPU_CHECK_MS);
  try {
    answer({ image: await processed(job), cpuMs: cpuMs() });
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    answer({ fault: error instanceof Fault ? error.kind : kindOf(error, message), message, cpuMs: cpuMs() });
  } finally {
    clearInterval(watch);
  }
}

function answer(result: ImageResult): void {
  process.send?.(result);
}

/** What the operating system says where a file cannot be written: libvips passes its words on. */
const SYSTEM_FAULT =
  /No space left|quota exceeded|Read-only file system|Too many open files|Cannot allocate memory|out of memory|Input\/output error|unable to open for write|No such file/i;

function kindOf(error: unknown, message: string): ImageFault {
  const isSystem = typeof (Object(error) as { code?: unknown }).code === 'string' || SYSTEM_FAULT.test(message);
  return isSystem ? 'unavailable' : 'invalid';
}

async function processed({ input, output, thumbnails }: ImageJob): Promise<ProcessedImage> {
  const file = await readFile(input);
  if (isPolyglot(file)) throw new Fault('invalid', 'it is something else besides an image');
  const { format, pages = 1, width, height } = await sharp(input, { limitInputPixels: false }).metadata();
  if (isTooCostly({ format, width, height, pages, size: file.length }))
    throw new Fault('costly', 'it has too many pixels');
  const open = (path: string, animated: boolean): Sharp =>
    sharp(path, { limitInputPixels: MAX_PIXELS, failOn: 'error', animated, autoOrient: !animated });
  try {
    const whole = await encoded(open(input, pages > 1), format).toFile(output);
    const { size } = await stat(output);
    if (size > Math.max(MIN_OUTPUT_BYTES, file.length * MAX_GROWTH))
      throw new Fault('costly', 'it grows too large where it is encoded anew');
    // JPEG is decoded small where a small picture is wanted. What is not is decoded once, each picture from the larger one.
    const source = format === 'jpeg' ? input : output;
    await thumbnail(open(source, false), 1_280).toFile(thumbnails[1280]);
    await thumbnail(open(format === 'jpeg' ? input : thumbnails[1280], false), 320).toFile(thumbnails[320]);
    return {
      mimeType: `image/${whole.format}`,
      extension: whole.format === 'jpeg' ? 'jpg' : whole.format,
      size,
      width: whole.width,
      height: whole.pageHeight ?? whole.height,
      blurhash: await blurhash(thumbnails[320]),
    };
  } catch (error) {
    for (const path of [output, ...Object.values(thumbnails)]) await rm(path, { force: true });
    throw error;
  }
}

/** Encoded anew, in its own format where that is one for everybody: nothing is left but what is seen. */
function encoded(image: Sharp, format: string): Sharp {
  switch (format) {
    case 'jpeg':
      return image.jpeg({ quality: QUALITY });
    case 'png':
      return image.png();
    case 'gif':
      return image.gif();
    default:
      return image.webp({ quality: QUALITY });
  }
}

function thumbnail(image: Sharp, size: number): Sharp {
  return image.resize(size, size, { fit: 'inside', withoutEnlargement: true }).webp({ quality: THUMBNAIL_QUALITY });
}

async function blurhash(path: string): Promise<string> {
  const { data, info } = await sharp(path)
    .resize(BLURHASH_SIZE, BLURHASH_SIZE, { fit: 'inside' })
    .ensureAlpha()
    .raw()
    .toBuffer({ resolveWithObject: true });
  return encode(new Uint8ClampedArray(data), info.width, info.height, 4, 3);
}
