import { describe, expect, it } from '@jest/globals';
import sharp from 'sharp';
import { countScans } from './jpeg-scans.js';

const NOISE = {
  create: { width: 64, height: 64, channels: 3, background: 'red', noise: { type: 'gaussian', mean: 128, sigma: 60 } },
} as const;

function segment(marker: number, ...bytes: number[]): Buffer {
  return Buffer.from([0xff, marker, 0, bytes.length + 2, ...bytes]);
}

describe('the scans of a JPEG', () => {
  it('are one of a photograph, and several where it is progressive', async () => {
    expect(countScans(await sharp(NOISE).jpeg().toBuffer())).toBe(1);
    expect(countScans(await sharp(NOISE).jpeg({ progressive: true }).toBuffer())).toBe(10);
  });

  it('are none of what looks like one in a description or behind the end', () => {
    const start = Buffer.from([0xff, 0xd8]);
    const scan = segment(0xda, 1, 1, 0, 0, 63, 0);
    const picture = Buffer.from([0x12, 0xff, 0x00, 0xda, 0xff, 0xd0, 0x34, 0xff, 0xff]);
    const end = Buffer.from([0xff, 0xd9]);
    const described = segment(0xe1, 0xff, 0xda, 0, 3, 0);
    expect(countScans(Buffer.concat([start, described, scan, picture, scan, picture, end, scan, scan]))).toBe(2);
  });

  it.each([
    ['nothing', Buffer.alloc(0)],
    ['a beginning alone', Buffer.from([0xff, 0xd8])],
    ['half a marker', Buffer.from([0xff, 0xd8, 0xff])],
    ['a marker without its length', Buffer.from([0xff, 0xd8, 0xff, 0xe1, 0])],
    ['a length of nothing', Buffer.from([0xff, 0xd8, 0xff, 0xe1, 0, 0])],
    ['a length beyond the end', Buffer.from([0xff, 0xd8, 0xff, 0xe1, 0xff, 0xff, 0xff, 0xda])],
  ])('are none of %s', (_, file) => {
    expect(countScans(file)).toBe(0);
  });
});
