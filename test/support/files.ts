/** Files of every kind, made here: none was taken from anywhere. */
import sharp, { type Sharp } from 'sharp';

/** A picture that compresses badly enough to be of some size, upright: darker towards its lower end. */
export function picture(width = 640, height = 480): Sharp {
  const pixels = Buffer.alloc(width * height * 3);
  for (let y = 0; y < height; y += 1)
    for (let x = 0; x < width; x += 1) {
      const at = (y * width + x) * 3;
      pixels[at] = Math.round(255 * (1 - y / height));
      pixels[at + 1] = Math.round(127 + 127 * Math.sin(x / 9));
      pixels[at + 2] = (x * 31 + y * 17) % 256;
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

/** The frame of an MPEG-4 film, with `size` bytes of no meaning in it. */
export const film = (size = 5_000): Buffer =>
  Buffer.concat([
    box('ftyp', Buffer.from('isom\0\0\x02\0isomiso2avc1mp41', 'latin1')),
    box('mdat', Buffer.alloc(size, 7)),
  ]);

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

/** What a phone records: its description last, with one track of this kind (`soun`, `vide`). */
export const recording = (handler: string): Buffer => {
  const hdlr = box('hdlr', Buffer.concat([Buffer.alloc(8), Buffer.from(handler), Buffer.alloc(12)]));
  return Buffer.concat([film(100_000), box('moov', box('trak', box('mdia', hdlr)))]);
};

/** The beginning of what a browser records, with one track of this codec. */
export const webm = (codec: string): Buffer =>
  Buffer.concat([
    Buffer.from('1a45dfa39f4286810142f7810142f2810442f381084282847765626d4287810442858102', 'hex'),
    Buffer.from('18538067', 'hex'),
    Buffer.from(`....${codec}....`),
    Buffer.alloc(500),
  ]);
