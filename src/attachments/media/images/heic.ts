import { createRequire } from 'node:module';
import { MediaError } from '../media-job.js';

/** Pixels, three bytes each, upright. */
export interface DecodedHeic {
  pixels: Buffer;
  width: number;
  height: number;
}

interface HeifImage {
  get_width(): number;
  get_height(): number;
  is_primary(): number | boolean;
  display(target: { data: Uint8ClampedArray; width: number; height: number }, done: (shown: unknown) => void): void;
  free(): void;
}

interface LibHeif {
  ready?: Promise<unknown>;
  HeifDecoder: new () => { decode(file: Buffer): HeifImage[]; decoder?: { delete(): void } };
}

/**
 * Decodes what phones of Apple take (HEVC in the frame of HEIF), with its turns and mirrors applied. What decodes it is
 * WebAssembly: bytes that are made to break out of it break into nothing.
 * @throws MediaError `invalid` for what it cannot decode.
 */
export async function decodeHeic(file: Buffer): Promise<DecodedHeic> {
  const libheif = await loaded();
  const decoder = new libheif.HeifDecoder();
  const images = decoder.decode(file);
  try {
    const image = images.find((candidate) => Boolean(candidate.is_primary())) ?? images[0];
    if (image === undefined) throw new MediaError('invalid', 'there is no image in it that can be decoded');
    const [width, height] = [image.get_width(), image.get_height()];
    const data = new Uint8ClampedArray(width * height * 4);
    await new Promise<void>((resolve, reject) =>
      image.display({ data, width, height }, (shown) => {
        if (shown === null || shown === undefined) reject(new MediaError('invalid', 'its image cannot be decoded'));
        else resolve();
      }),
    );
    return { pixels: withoutAlpha(data), width, height };
  } finally {
    for (const image of images) image.free();
    decoder.decoder?.delete();
  }
}

/** In place, from the beginning: three bytes are written where four were read. */
function withoutAlpha(data: Uint8ClampedArray): Buffer {
  const pixels = data.length / 4;
  for (let pixel = 0; pixel < pixels; pixel += 1) {
    const from = pixel * 4;
    const to = pixel * 3;
    data[to] = data[from] as number;
    data[to + 1] = data[from + 1] as number;
    data[to + 2] = data[from + 2] as number;
  }
  return Buffer.from(data.buffer, 0, pixels * 3);
}

let library: LibHeif | undefined;

/** Two megabytes of code, for whom nobody sends such a picture not to wait for. */
async function loaded(): Promise<LibHeif> {
  library ??= createRequire(import.meta.url)('libheif-js/wasm-bundle') as LibHeif;
  await library.ready;
  return library;
}

const ENTRY = 12;

/**
 * The pixels as an uncompressed TIFF that says which colours they are meant in: what libvips needs to convert them, which
 * takes bare pixels for sRGB.
 * @param colours their ICC profile; none for sRGB.
 */
export function asTiff({ pixels, width, height }: DecodedHeic, colours: Buffer = Buffer.alloc(0)): Buffer {
  const tags = colours.length === 0 ? 10 : 11;
  const directory = 8;
  const bits = directory + 2 + tags * ENTRY + 4;
  const profile = bits + 6;
  const start = profile + colours.length + (colours.length % 2);
  const head = Buffer.alloc(start);
  head.write('II*\0', 0, 'latin1');
  head.writeUInt32LE(directory, 4);
  head.writeUInt16LE(tags, directory);
  const entries: [tag: number, type: number, count: number, value: number][] = [
    [256, 4, 1, width],
    [257, 4, 1, height],
    [258, 3, 3, bits],
    [259, 3, 1, 1],
    [262, 3, 1, 2],
    [273, 4, 1, start],
    [277, 3, 1, 3],
    [278, 4, 1, height],
    [279, 4, 1, pixels.length],
    [284, 3, 1, 1],
    [34_675, 7, colours.length, profile],
  ];
  entries.slice(0, tags).forEach(([tag, type, count, value], index) => {
    const at = directory + 2 + index * ENTRY;
    head.writeUInt16LE(tag, at);
    head.writeUInt16LE(type, at + 2);
    head.writeUInt32LE(count, at + 4);
    head.writeUInt32LE(value, at + 8);
  });
  for (let channel = 0; channel < 3; channel += 1) head.writeUInt16LE(8, bits + channel * 2);
  colours.copy(head, profile);
  return Buffer.concat([head, pixels]);
}
