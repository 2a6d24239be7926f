/**
 * A process of its own that decodes images, started and fed by `ImageProcessor`. Decoding hostile bytes is the most
 * dangerous and the most expensive thing this server does: here it can neither crash nor slow what carries messages.
 */
import { readFile, rm, stat } from 'node:fs/promises';
import process from 'node:process';
import { encode } from 'blurhash';
import sharp, { type Sharp } from 'sharp';
import type { ImageJob, ImageResult, ProcessedImage } from './image-job.js';
import { isPolyglot } from './image-polyglots.js';

/** Of all frames together. A phone's largest picture has fifty million. */
const MOST_PIXELS = 50_000_000;
const LONGEST_SECONDS = 20;
const BLURHASH_SIZE = 32;
const QUALITY = 85;
const THUMBNAIL_QUALITY = 80;

// One image at a time, on one core: the other one is for messages.
sharp.concurrency(1);
sharp.cache(false);

process.on('disconnect', () => process.exit(0));
process.on('message', (job: ImageJob) => {
  processed(job).then(
    (image) => answer({ image }),
    (error: unknown) => answer({ fault: error instanceof Error ? error.message : String(error) }),
  );
});

function answer(result: ImageResult): void {
  process.send?.(result);
}

async function processed({ input, output, thumbnails }: ImageJob): Promise<ProcessedImage> {
  if (isPolyglot(await readFile(input))) throw new Error('it is something else besides an image');
  const { format, pages = 1, width, height } = await sharp(input, { limitInputPixels: MOST_PIXELS }).metadata();
  if (width * height * pages > MOST_PIXELS) throw new Error('it has too many pixels');
  const open = (animated: boolean): Sharp =>
    sharp(input, { limitInputPixels: MOST_PIXELS, failOn: 'error', animated, autoOrient: !animated }).timeout({
      seconds: LONGEST_SECONDS,
    });
  try {
    const whole = await encoded(open(pages > 1), format).toFile(output);
    for (const [size, path] of Object.entries(thumbnails)) {
      await open(false)
        .resize(Number(size), Number(size), { fit: 'inside', withoutEnlargement: true })
        .webp({ quality: THUMBNAIL_QUALITY })
        .toFile(path);
    }
    return {
      mimeType: `image/${whole.format}`,
      extension: whole.format === 'jpeg' ? 'jpg' : whole.format,
      size: (await stat(output)).size,
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

async function blurhash(path: string): Promise<string> {
  const { data, info } = await sharp(path)
    .resize(BLURHASH_SIZE, BLURHASH_SIZE, { fit: 'inside' })
    .ensureAlpha()
    .raw()
    .toBuffer({ resolveWithObject: true });
  return encode(new Uint8ClampedArray(data), info.width, info.height, 4, 3);
}
