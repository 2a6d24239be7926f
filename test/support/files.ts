/** Files of every kind, made here: none was taken from anywhere. */
import {
  BufferTarget,
  EncodedAudioPacketSource,
  EncodedPacket,
  EncodedVideoPacketSource,
  type MetadataTags,
  Mp4OutputFormat,
  Output,
  type OutputFormat,
  TextSubtitleSource,
  WebMOutputFormat,
} from 'mediabunny';
import sharp, { type Sharp } from 'sharp';

/** A picture that compresses badly enough to be of some size, upright: darker towards its lower end. */
export function picture(width = 640, height = 480): Sharp {
  const pixels = Buffer.alloc(width * height * 3);
  // In Jest's realm a global as Math costs more than what is asked of it: once for each column and row, not for each pixel.
  const waves = Buffer.from(Array.from({ length: width }, (_, x) => Math.round(127 + 127 * Math.sin(x / 9))));
  for (let y = 0, at = 0; y < height; y += 1) {
    const brightness = Math.round(255 * (1 - y / height));
    for (let x = 0; x < width; x += 1, at += 3) {
      pixels[at] = brightness;
      pixels[at + 1] = waves[x] as number;
      pixels[at + 2] = (x * 31 + y * 17) % 256;
    }
  }
  return sharp(pixels, { raw: { width, height, channels: 3 } });
}

/** Taken with the camera on its side, somewhere. */
export const turnedJpeg = (): Promise<Buffer> =>
  picture(640, 480)
    .withExif({
      IFD0: { Make: 'Camera', Copyright: 'somebody' },
      IFD3: { GPSLatitudeRef: 'N', GPSLatitude: '52/1 30/1 0/1', GPSLongitudeRef: 'E', GPSLongitude: '13/1 24/1 0/1' },
    })
    .withMetadata({ orientation: 6 })
    .jpeg()
    .toBuffer();

export const animatedGif = async (): Promise<Buffer> => {
  const frames = await Promise.all(
    [0, 1, 2].map((turn) =>
      picture(60, 40)
        .modulate({ hue: turn * 120 })
        .png()
        .toBuffer(),
    ),
  );
  return sharp(frames, { join: { animated: true } })
    .gif({ delay: [100, 100, 100] })
    .toBuffer();
};

/** A picture of one colour: hardly any bytes, very many pixels. */
export const bomb = (width: number, height: number): Promise<Buffer> =>
  sharp({ create: { width, height, channels: 3, background: 'white' }, limitInputPixels: false })
    .png({ compressionLevel: 9 })
    .toBuffer();

const box = (type: string, body: Buffer): Buffer => {
  const head = Buffer.alloc(8);
  head.writeUInt32BE(8 + body.length);
  head.write(type, 4, 'latin1');
  return Buffer.concat([head, body]);
};

interface Tracks {
  video?: 'vp8' | 'vp9';
  /** The last two are uncompressed: of two channels, and of one. */
  audio?: 'opus' | 'pcm-s16' | 'ulaw';
  /** Written beside the film, as drones write where they are. */
  subtitles?: string;
  seconds?: number;
  rotation?: 0 | 90 | 180 | 270;
  tags?: MetadataTags;
  /** Of its tracks. */
  name?: string;
  /** What the sound's bytes hold. */
  noise?: string;
}

/** One channel, 48 kHz. */
const OPUS_HEAD = new Uint8Array(Buffer.from('OpusHead\x01\x01\0\0\x80\xbb\0\0\0\0\0', 'latin1'));

/** What is said of a sound to those who play it. */
const DECODERS = {
  opus: { codec: 'opus', sampleRate: 48_000, numberOfChannels: 1, description: OPUS_HEAD },
  'pcm-s16': { codec: 'pcm-s16', sampleRate: 8_000, numberOfChannels: 2 },
  ulaw: { codec: 'ulaw', sampleRate: 8_000, numberOfChannels: 1 },
};

/** A film or a sound whose description is right and whose pictures and sounds are noise. */
export async function recorded(format: OutputFormat, tracks: Tracks): Promise<Buffer> {
  const { video, audio, subtitles, seconds = 2, rotation = 0, tags = {}, name, noise = '' } = tracks;
  const named = name === undefined ? {} : { name };
  const target = new BufferTarget();
  const output = new Output({ format, target });
  const pictures = video === undefined ? undefined : new EncodedVideoPacketSource(video);
  const sounds = audio === undefined ? undefined : new EncodedAudioPacketSource(audio);
  const texts = subtitles === undefined ? undefined : new TextSubtitleSource('webvtt');
  if (pictures !== undefined) output.addVideoTrack(pictures, { rotation, ...named });
  if (sounds !== undefined) output.addAudioTrack(sounds, named);
  if (texts !== undefined) output.addSubtitleTrack(texts);
  output.setMetadataTags(tags);
  await output.start();
  if (texts !== undefined) await texts.add(`WEBVTT\n\n00:00.000 --> 00:01.000\n${subtitles}\n`);
  const step = 0.1;
  for (let at = 0; at < seconds - step / 2; at += step) {
    const loud = at > seconds / 2 ? 90 : 10;
    await pictures?.add(new EncodedPacket(new Uint8Array(40).fill(at * 10), at === 0 ? 'key' : 'delta', at, step), {
      decoderConfig: {
        codec: video === 'vp8' ? 'vp8' : 'vp09.00.10.08',
        codedWidth: 320,
        codedHeight: 240,
        colorSpace: { primaries: 'bt709', transfer: 'bt709', matrix: 'bt709', fullRange: false },
      },
    });
    if (audio !== undefined)
      await sounds?.add(
        new EncodedPacket(
          audio === 'opus'
            ? Buffer.concat([Buffer.from([0x78]), Buffer.from(noise), Buffer.alloc(loud, 3)])
            : Buffer.alloc(step * DECODERS[audio].sampleRate * (audio === 'ulaw' ? 1 : 4), loud),
          'key',
          at,
          step,
        ),
        { decoderConfig: DECODERS[audio] },
      );
  }
  await output.finalize();
  return Buffer.from(target.buffer as ArrayBuffer);
}

const FILM = withoutNames(await recorded(new Mp4OutputFormat({ fastStart: 'in-memory' }), { video: 'vp9' }));

/** Without the names of the program that wrote it, so that it is served as it came. */
function withoutNames(film: Buffer): Buffer {
  const handler = 'MediabunnyVideoHandler';
  film.fill(0, film.indexOf(handler), film.indexOf(handler) + handler.length);
  // Its length comes before it.
  const compressor = film.indexOf('Mediabunny v') - 1;
  film.fill(0, compressor, compressor + 32);
  return film;
}

/** A film of two seconds, with so many zeros in it that it has `size` and 40 more. */
export const film = (size = 5_000): Buffer =>
  Buffer.concat([FILM, box('mdat', Buffer.alloc(Math.max(0, size + 40 - FILM.length - 8)))]);

/** The same with a place in its description, and another in free space behind it. */
export const placedFilm = async (): Promise<Buffer> => {
  const plain = await recorded(new Mp4OutputFormat({ fastStart: false }), {
    video: 'vp9',
    audio: 'opus',
    rotation: 90,
  });
  const place = Buffer.concat([
    box('udta', box('\u00a9xyz', Buffer.from('\0\x12\x15\xc7+52.5200+013.4050/', 'latin1'))),
  ]);
  const at = plain.indexOf('moov', 0, 'latin1') - 4;
  const film = Buffer.concat([plain, place, box('free', Buffer.from('+52.5200+013.4050/'))]);
  // The description is last, so that it may grow.
  film.writeUInt32BE(plain.length - at + place.length, at);
  return film;
};

/**
 * A film with a text beside it, of 20 samples of `sampleBytes` each, in several places close to one another: they share most of
 * their bytes, so that the file is much smaller than all samples together. It has `size` bytes, or as many as it needs.
 */
export const overlappingFilm = async (sampleBytes: number, size = 0): Promise<Buffer> => {
  const format = new Mp4OutputFormat({ fastStart: 'in-memory' });
  const film = await recorded(format, { video: 'vp9', subtitles: 'text' });
  const sizes = film.indexOf('stsz', 0, 'latin1') + 16;
  for (let sample = 0; sample < film.readUInt32BE(sizes - 4); sample += 1)
    film.writeUInt32BE(sampleBytes, sizes + 4 * sample);
  return Buffer.concat([film, box('mdat', Buffer.alloc(Math.max(6 * sampleBytes, size - film.length - 8), 1))]);
};

/** A second of silence. */
export const sound = (): Buffer => {
  const samples = 8_000;
  const head = Buffer.alloc(44);
  head.write('RIFF');
  head.writeUInt32LE(36 + samples, 4);
  head.write('WAVEfmt ', 8);
  head.writeUInt32LE(16, 16);
  head.writeUInt16LE(1, 20);
  head.writeUInt16LE(1, 22);
  head.writeUInt32LE(8_000, 24);
  head.writeUInt32LE(8_000, 28);
  head.writeUInt16LE(1, 32);
  head.writeUInt16LE(8, 34);
  head.write('data', 36);
  head.writeUInt32LE(samples, 40);
  return Buffer.concat([head, Buffer.alloc(samples, 128)]);
};

export const pdf = (): Buffer =>
  Buffer.from('%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n');
export const page = (): Buffer => Buffer.from('<!DOCTYPE html><html><body><script>alert(1)</script></body></html>');
export const vector = (): Buffer =>
  Buffer.from('<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>');
/** The first bytes of a Windows program. */
export const program = (): Buffer => Buffer.concat([Buffer.from('MZ'), Buffer.alloc(200), Buffer.from('PE\0\0')]);
/** An archive with one empty entry. */
export const archive = (): Buffer => {
  const name = Buffer.from('a.txt');
  const local = Buffer.alloc(30);
  local.write('PK\x03\x04', 'latin1');
  local.writeUInt16LE(name.length, 26);
  const central = Buffer.alloc(46);
  central.write('PK\x01\x02', 'latin1');
  central.writeUInt16LE(name.length, 28);
  const end = Buffer.alloc(22);
  end.write('PK\x05\x06', 'latin1');
  end.writeUInt16LE(1, 8);
  end.writeUInt16LE(1, 10);
  end.writeUInt32LE(central.length + name.length, 12);
  end.writeUInt32LE(local.length + name.length, 16);
  return Buffer.concat([local, name, central, name, end]);
};

/** What a phone records: its description last. */
export const recording = (kind: 'sound' | 'film'): Promise<Buffer> =>
  recorded(new Mp4OutputFormat({ fastStart: false }), kind === 'sound' ? { audio: 'opus' } : { video: 'vp9' });

/** What a browser records: nowhere does it say how long it is. Its bytes are those of chance, some of which say `V_`. */
export const webm = (kind: 'sound' | 'film'): Promise<Buffer> =>
  recorded(
    new WebMOutputFormat({ appendOnly: true }),
    kind === 'sound' ? { audio: 'opus', noise: 'V_VP8' } : { video: 'vp8', noise: 'A_OPUS' },
  );

/** The head of a film of Windows Media: one stream of each of these. */
export const windowsMedia = (...streams: ('sound' | 'film')[]): Buffer => {
  const object = (id: string, body: Buffer): Buffer => {
    const size = Buffer.alloc(8);
    size.writeBigUInt64LE(BigInt(24 + body.length));
    return Buffer.concat([Buffer.from(id, 'hex'), size, body]);
  };
  const kinds = { sound: '409e69f84d5bcf11a8fd00805f5c442b', film: 'c0ef19bc4d5bcf11a8fd00805f5c442b' };
  const objects = [
    object('40a4d0d207e3d21197f000a0c95ea850', Buffer.from('WM/Location Berlin')),
    ...streams.map((kind) =>
      object('9107dcb7b7a9cf118ee600c00c205365', Buffer.concat([Buffer.from(kinds[kind], 'hex'), Buffer.alloc(60)])),
    ),
  ];
  const count = Buffer.alloc(6);
  count.writeUInt32LE(objects.length);
  return Buffer.concat([
    object('3026b2758e66cf11a6d900aa0062ce6c', Buffer.concat([count, ...objects])),
    Buffer.alloc(2_000, 5),
  ]);
};

/** The first frames of an MP3 of silence, behind as many zeros. */
export const paddedMp3 = (zeros: number): Buffer => {
  const frame = Buffer.alloc(104);
  frame.write('\xff\xfb\x10\xc4', 'latin1');
  return Buffer.concat([Buffer.alloc(zeros), ...Array.from({ length: 40 }, () => frame)]);
};

/** A phone's picture of 64 by 48 pixels, HEVC in HEIF, with a place in its EXIF: written with libheif's own encoder. */
export const heic = (): Buffer =>
  Buffer.from(
    [
      'AAAAHGZ0eXBoZWljAAAAAG1pZjFoZWljbWlhZgAAAeFtZXRhAAAAAAAAACFoZGxyAAAAAAAAAABwaWN0AAAAAAAAAAAAAAAAAAAA',
      'AA5waXRtAAAAAAACAAAAEGlkYXQAAAAAAEAAMAAAAExpbG9jAQAAAERAAAMAAQAAAAAAAAIFAAEAAAAAAAAAvgACAAEAAAAAAAAA',
      'AQAAAAAAAAAIAAMAAAAAAAACwwABAAAAAAAAANwAAABNaWluZgAAAAAAAwAAABVpbmZlAgAAAQABAABodmMxAAAAABVpbmZlAgAA',
      'AAACAABncmlkAAAAABVpbmZlAgAAAQADAABFeGlmAAAAANVpcHJwAAAAs2lwY28AAABzaHZjQwEDcAAAAAAAAAAAAB7wAPz9+PgA',
      'AA8DIAABABhAAQwB//8DcAAAAwCQAAADAAADAB66AkAhAAEAJ0IBAQNwAAADAJAAAAMAAAMAHqAggQWW6uSmubAgAAADACAAAAMA',
      'ISIAAQAGRAHBc8CJAAAAFGlzcGUAAAAAAAAAQAAAAEAAAAAUaXNwZQAAAAAAAABAAAAAMAAAABBwaXhpAAAAAAMICAgAAAAaaXBt',
      'YQAAAAAAAAACAAECgQIAAgIDhAAAAChpcmVmAAAAAAAAAA5kaW1nAAIAAQABAAAADmNkc2MAAwABAAIAAAGibWRhdAAAALooAa8E',
      'GP3khj66Fh+RuH/5DpoiCsXaDmOPj5X944f5MOgF1GrO59mBJpUqytQVNIeAmRDYy5s0ujzsCuCD//qzl3tu/oTkYvzh12XOelCk',
      'MC7ZMAbrs7ZQ4Z1JgPq35CdioU+zoCgA9P6D2JkXOwpLMcKFnHvEjIee23mHMOTyPifSDEkY8vi440YfX6UDHHUNFUJDEaWKUyx4',
      '9PwBVpwH9/RSDMI/gntHRp2gEDOi5pmyVBHpcl9q+IAAAAAATU0AKgAAAAgABgESAAMAAAABAAYAAAEaAAUAAAABAAAAVgEbAAUA',
      'AAABAAAAXgEoAAMAAAABAAEAAAITAAMAAAABAAEAAIglAAQAAAABAAAAZgAAAAAAAAABAAAAAQAAAAEAAAABAAUAAAABAAAABAID',
      'AAAAAQACAAAAAk4AAAAAAgAFAAAAAwAAAKgAAwACAAAAAkUAAAAABAAFAAAAAwAAAMAAAAAAAAAANAAAAAEAAAAeAAAAAQAAAAAA',
      'AAABAAAADQAAAAEAAAAYAAAAAQAAAAAAAAAB',
    ].join(''),
    'base64',
  );

/** Red on the left and blue on the right: an AVIF of two pictures side by side, 64 pixels each, written with libavif's encoder. */
export const avifGrid = (): Buffer =>
  Buffer.from(
    [
      'AAAAIGZ0eXBhdmlmAAAAAGF2aWZtaWYxbWlhZk1BMUIAAAF/bWV0YQAAAAAAAAAoaGRscgAAAAAAAAAAcGljdAAAAAAAAAAAAAAAAGxpYmF2',
      'aWYAAAAADnBpdG0AAAAAAAEAAAA6aWxvYwAAAABEAAADAAEAAAABAAABpwAAAAgAAgAAAAEAAAGvAAAAIwADAAAAAQAAAdIAAAAiAAAAXGlp',
      'bmYAAAAAAAMAAAAaaW5mZQIAAAAAAQAAZ3JpZENvbG9yAAAAABppbmZlAgAAAQACAABhdjAxQ29sb3IAAAAAGmluZmUCAAABAAMAAGF2MDFD',
      'b2xvcgAAAAAcaXJlZgAAAAAAAAAQZGltZwABAAIAAgADAAAAi2lwcnAAAABfaXBjbwAAABRpc3BlAAAAAAAAAIAAAABAAAAAEHBpeGkAAAAA',
      'AwgICAAAABNjb2xybmNseAABAA0ABoAAAAAUaXNwZQAAAAAAAABAAAAAQAAAAAxhdjFDgQAMAAAAACRpcG1hAAAAAAAAAAMAAQMBAgMAAgQE',
      'AoUDAAMEBAKFAwAAAFVtZGF0AAAAAQCAAEASAAoJGBV//YICGg0IMhQcgCmmmkQAtNt7DHTLyAS7aD9IwBIACgkYFX/9ggIaDQgyExyAKaaa',
      'RAC023rK8VnWWdjHvFs=',
    ].join(''),
    'base64',
  );

/** An AVIF that moves: three frames of 32 by 24 pixels, written with libavif's encoder. */
export const avifSequence = (): Buffer =>
  Buffer.from(
    [
      'AAAALGZ0eXBhdmlzAAAAAGF2aWZhdmlzbXNmMWlzbzhtaWYxbWlhZk1BMUIAAADybWV0YQAAAAAAAAAoaGRscgAAAAAAAAAAcGljdAAAAAAA',
      'AAAAAAAAAGxpYmF2aWYAAAAADnBpdG0AAAAAAAEAAAAeaWxvYwAAAABEAAABAAEAAAABAAADywAAAN0AAAAoaWluZgAAAAAAAQAAABppbmZl',
      'AgAAAAABAABhdjAxQ29sb3IAAAAAamlwcnAAAABLaXBjbwAAABRpc3BlAAAAAAAAACAAAAAYAAAAEHBpeGkAAAAAAwgICAAAAAxhdjFDgQAM',
      'AAAAABNjb2xybmNseAABAA0ABgAAAAAXaXBtYQAAAAAAAAABAAEEAQKDBAAAAqVtb292AAAAeG12aGQBAAAAAAAAAOcudw4AAAAA5y53DgAA',
      'AAUAAAAAAAAAAwABAAABAAAAAAAAAAAAAAAAAQAAAAAAAAAAAAAAAAAAAAEAAAAAAAAAAAAAAAAAAEAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA',
      'AAAAAAAAAAABAAACJXRyYWsAAABodGtoZAEAAAEAAAAA5y53DgAAAADnLncOAAAAAQAAAAAAAAAAAAAAAwAAAAAAAAAAAAAAAAAAAAAAAQAA',
      'AAAAAAAAAAAAAAAAAAEAAAAAAAAAAAAAAAAAAEAAAAAAIAAAABgAAAAAAbVtZGlhAAAALG1kaGQBAAAAAAAAAOcudw4AAAAA5y53DgAAAAUA',
      'AAAAAAAAA1XEAAAAAAAoaGRscgAAAAAAAAAAcGljdAAAAAAAAAAAAAAAAGxpYmF2aWYAAAABWW1pbmYAAAAUdm1oZAAAAAEAAAAAAAAAAAAA',
      'ACRkaW5mAAAAHGRyZWYAAAAAAAAAAQAAAAx1cmwgAAAAAQAAARlzdGJsAAAAFHN0Y28AAAAAAAAAAQAAA8sAAAAcc3RzYwAAAAAAAAABAAAA',
      'AQAAAAMAAAABAAAAIHN0c3oAAAAAAAAAAAAAAAMAAADdAAAAKgAAADQAAAAUc3RzcwAAAAAAAAABAAAAAQAAABhzdHRzAAAAAAAAAAEAAAAD',
      'AAAAAQAAAJVzdHNkAAAAAAAAAAEAAACFYXYwMQAAAAAAAAABAAAAAAAAAAAAAAAAAAAAAAAgABgASAAAAEgAAAAAAAAAAQpBT00gQ29kaW5n',
      'AAAAAAAAAAAAAAAAAAAAAAAAAAAAABj//wAAAAxhdjFDgQAMAAAAABNjb2xybmNseAABAA0ABgAAAAAQY2NzdAAAAAB8AAAAAAABQ21kYXQS',
      'AAoNAAAAAifubXyICGgwIDLJARAA0ACigAgouujPprYG/FrlR2Bixs/TlisfupMQlGOrDoMPRw+vd1fHORV2fmFDBD5Nq/PyZLQeFkIMZ6Z4',
      'wtZI6acN3MojuHiqangF93wNrvDXaQwa5QBGpHpi6Wq9FCfxMlHAlpmRxz9iwOlQSW3RLbsrLhsqJYOHjT0G0IZ0ekBsznvKxYHlrTDBFmr4',
      'JpuW7jvf4kUKdI5n7oiMNCWh9E+4QEh9/WIyaorD/oqC7slotdLuup+gPXUowBDOUQxCCBM9KE7qLhIAMiYwA8CAAAAG0ACigAgouuIAxQYd',
      'ji0f/DKOLZmobl8WITIED+4HYBIAMjAwBcEEAAAG0ACigAgouuoAH+6GVMNozx8ACxYbBS2c2bByXpIXabQTdpE2vV12QYA=',
    ].join(''),
    'base64',
  );

interface GifFrame {
  /** Pixels; from its left upper corner, of which `at` says where that is. */
  width: number;
  height: number;
  at?: number;
  isInterlaced?: boolean;
  /** Whether it brings its own colours. */
  hasColours?: boolean;
}

/** The parts of a GIF, to be put together as encoders do, or hardly ever do. */
export const gif = {
  head: (width: number, height: number, hasColours = true): Buffer => {
    const head = Buffer.alloc(13);
    head.write('GIF89a');
    head.writeUInt16LE(width, 6);
    head.writeUInt16LE(height, 8);
    head[10] = hasColours ? 0x91 : 0x11;
    return hasColours ? Buffer.concat([head, GIF_COLOURS]) : head;
  },
  frame: ({ width, height, at = 0, isInterlaced = false, hasColours = false }: GifFrame): Buffer => {
    const head = Buffer.alloc(10);
    head[0] = 0x2c;
    head.writeUInt16LE(at, 1);
    head.writeUInt16LE(at, 3);
    head.writeUInt16LE(width, 5);
    head.writeUInt16LE(height, 7);
    head[9] = (hasColours ? 0x81 : 0) | (isInterlaced ? 0x40 : 0);
    return Buffer.concat([head, hasColours ? GIF_COLOURS : Buffer.alloc(0), gifPixels(width * height)]);
  },
  /** How the next frame is shown: for a tenth of a second. */
  control: Buffer.from([0x21, 0xf9, 4, 0, 10, 0, 0, 0]),
  /** Played for ever. */
  loop: Buffer.concat([Buffer.from([0x21, 0xff, 11]), Buffer.from('NETSCAPE2.0'), Buffer.from([3, 1, 0, 0, 0])]),
  comment: (text: string): Buffer =>
    Buffer.concat([Buffer.from([0x21, 0xfe, text.length]), Buffer.from(text), Buffer.of(0)]),
  /** A description in XMP, which is no chain of blocks and ends so that readers of blocks find their way out of it. */
  xmp: (text: string): Buffer =>
    Buffer.concat([
      Buffer.from([0x21, 0xff, 11]),
      Buffer.from(`XMP DataXMP${text}`),
      Buffer.of(1),
      Buffer.from(Array.from({ length: 255 }, (_, index) => 255 - index)),
      Buffer.of(0, 0),
    ]),
  /** Text in a font of the player's own. */
  text: Buffer.from([0x21, 0x01, 12, 0, 0, 0, 0, 16, 0, 8, 0, 8, 8, 1, 0, 2, 65, 66, 0]),
  end: Buffer.of(0x3b),
};

const GIF_COLOURS = Buffer.from([0, 0, 0, 255, 0, 0, 0, 255, 0, 0, 0, 255]);

/** Four colours in turn; the coding is begun anew before it would take more bits. */
function gifPixels(count: number): Buffer {
  const bits: number[] = [];
  const put = (code: number): void => void bits.push(code & 1, (code >> 1) & 1, (code >> 2) & 1);
  for (let pixel = 0; pixel < count; pixel += 1) {
    if (pixel % 2 === 0) put(4);
    put(pixel % 4);
  }
  put(5);
  const bytes = Array.from({ length: Math.ceil(bits.length / 8) }, (_, at) =>
    bits.slice(at * 8, at * 8 + 8).reduce((byte, bit, index) => byte | (bit << index), 0),
  );
  const blocks: Buffer[] = [];
  for (let at = 0; at < bytes.length; at += 255) {
    const block = bytes.slice(at, at + 255);
    blocks.push(Buffer.from([block.length, ...block]));
  }
  return Buffer.concat([Buffer.of(2), ...blocks, Buffer.of(0)]);
}

/** One colour, 200, 100, 50 as sRGB has it, in a HEIC that is kept in Display P3, where its numbers are others; of 64 by 64. */
export const heicOfDisplayP3 = (): Buffer =>
  Buffer.from(
    [
      'AAAAHGZ0eXBoZWljAAAAAG1pZjFoZWljbWlhZgAAAy9tZXRhAAAAAAAAACFoZGxyAAAAAAAAAABwaWN0AAAAAAAAAAAAAAAAAAAAAA5waXRt',
      'AAAAAAABAAAAImlsb2MAAAAAREAAAQABAAAAAANTAAEAAAAAAAAAHQAAACNpaW5mAAAAAAABAAAAFWluZmUCAAAAAAEAAGh2YzEAAAACr2lw',
      'cnAAAAKQaXBjbwAAAHhodmNDAQNwAAAAAAAAAAAAHvAA/P34+AAADwMgAAEAGEABDAH//wNwAAADAJAAAAMAAAMAHroCQCEAAQArQgEBA3AA',
      'AAMAkAAAAwAAAwAeoCCBBZbqSSmubgQEDAgAAAMACAAAAwAIQCIAAQAHRAHBcrAiQAAAABRpc3BlAAAAAAAAAEAAAABAAAAB7GNvbHJwcm9m',
      'AAAB4GxjbXMEIAAAbW50clJHQiBYWVogB+IAAwAUAAkADgAdYWNzcE1TRlQAAAAAc2F3c2N0cmwAAAAAAAAAAAAAAAAAAPbWAAEAAAAA0y1o',
      'YW5kguKocouKP/clPrmS7iTWrgAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAKZGVzYwAAAPwAAAAkY3BydAAAASAAAAAid3RwdAAA',
      'AUQAAAAUY2hhZAAAAVgAAAAsclhZWgAAAYQAAAAUZ1hZWgAAAZgAAAAUYlhZWgAAAawAAAAUclRSQwAAAcAAAAAgZ1RSQwAAAcAAAAAgYlRS',
      'QwAAAcAAAAAgbWx1YwAAAAAAAAABAAAADGVuVVMAAAAIAAAAHABzAFAAMwBDbWx1YwAAAAAAAAABAAAADGVuVVMAAAAGAAAAHABDAEMAMAAA',
      'WFlaIAAAAAAAAPbWAAEAAAAA0y1zZjMyAAAAAAABDEIAAAXe///zJQAAB5MAAP2Q///7of///k4AAAOaAADAFFhZWiAAAAAAAACD3wAAPb8A',
      'AAAAWFlaIAAAAAAAAEq/AACxNwAACrVYWVogAAAAAAAAKDgAABEKAADIeHBhcmEAAAAAAAMAAAACZmkAAPKnAAANWQAAE9AAAApbAAAAEHBp',
      'eGkAAAAAAwgICAAAABdpcG1hAAAAAAAAAAEAAQSBAoOEAAAAJW1kYXQAAAAZKAGvBrhjsNz9JL///rPv6H9M/Sf+IjaD/A==',
    ].join(''),
    'base64',
  );

const chunk = (id: string, ...parts: (Buffer | string)[]): Buffer => {
  const body = Buffer.concat(parts.map((part) => Buffer.from(part as string)));
  const head = Buffer.alloc(8);
  head.write(id, 'latin1');
  head.writeUInt32LE(body.length, 4);
  return Buffer.concat([head, body, Buffer.alloc(body.length % 2)]);
};

/** The frame of an AVI, with a text in its descriptions and in the space between them. */
export const avi = (text: string): Buffer =>
  chunk(
    'RIFF',
    'AVI ',
    chunk(
      'LIST',
      'hdrl',
      chunk('avih', Buffer.alloc(56, 1)),
      chunk('LIST', 'strl', chunk('strh', Buffer.alloc(56, 2))),
    ),
    chunk('LIST', 'INFO', chunk('ICMT', text)),
    chunk('JUNK', text),
    chunk('IDIT', text),
    chunk('LIST', 'movi', chunk('00dc', Buffer.alloc(2_000, 3))),
    chunk('idx1', Buffer.alloc(16)),
  );

/** A second of silence, with a text in its description. */
export const describedSound = (text: string): Buffer => {
  const plain = sound();
  return chunk('RIFF', plain.subarray(8), chunk('LIST', 'INFO', chunk('ICMT', text)));
};

/** A film of Flash: what says something of it comes first. */
export const flashFilm = (text: string): Buffer => {
  const tag = Buffer.alloc(11);
  tag[0] = 18;
  tag.writeUIntBE(text.length, 1, 3);
  return Buffer.concat([
    Buffer.from('FLV\x01\x05\0\0\0\x09\0\0\0\0', 'latin1'),
    tag,
    Buffer.from(text),
    Buffer.alloc(500),
  ]);
};

/** Packets of television, empty ones. */
export const television = (): Buffer =>
  Buffer.concat(
    Array.from({ length: 50 }, () => Buffer.concat([Buffer.from([0x47, 0x1f, 0xff, 0x10]), Buffer.alloc(184, 255)])),
  );
