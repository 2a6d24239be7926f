import { describe, expect, it } from '@jest/globals';
import { estimatedMemory, isTooCostly } from './image-cost.js';

const MEGABYTE = 1_000_000;

describe('the cost of an image', () => {
  it.each([
    ['a JPEG of 48 megapixels', { format: 'jpeg', width: 8_000, height: 6_000, size: 10 * MEGABYTE }],
    ['a JPEG of 50 megapixels', { format: 'jpeg', width: 8_160, height: 6_120, size: 10 * MEGABYTE }],
    ['a panorama of a phone', { format: 'jpeg', width: 16_382, height: 3_952, size: 10 * MEGABYTE }],
    ['a JPEG of 8,192 by 6,144', { format: 'jpeg', width: 8_192, height: 6_144, size: 10 * MEGABYTE }],
    ['a JPEG of 108 megapixels', { format: 'jpeg', width: 12_000, height: 9_000, size: 10 * MEGABYTE }],
    [
      'a JPEG of 108 megapixels in 12 scans',
      { format: 'jpeg', width: 12_000, height: 9_000, scans: 12, size: MEGABYTE },
    ],
    ['an AVIF of 12 megapixels', { format: 'heif', width: 4_032, height: 3_024, size: 3 * MEGABYTE }],
    ['a WebP of 24 megapixels', { format: 'webp', width: 6_000, height: 4_000, size: 5 * MEGABYTE }],
    ['a PNG of a whole screen', { format: 'png', width: 5_120, height: 2_880, size: 10 * MEGABYTE }],
    ['a PNG of a long page', { format: 'png', width: 1_200, height: 40_000, size: 10 * MEGABYTE }],
    ['a PNG of a long line', { format: 'png', width: 1, height: 3_000_000, size: 10_000 }],
    ['an animated sticker', { format: 'webp', width: 512, height: 512, pages: 60, size: MEGABYTE }],
    ['a GIF of 150 frames', { format: 'gif', width: 480, height: 270, pages: 150, size: 5 * MEGABYTE }],
  ])('lets %s pass', (_, header) => {
    expect(isTooCostly(header)).toBe(false);
  });

  it.each([
    ['an AVIF of 49 megapixels in 1,365 bytes', { format: 'heif', width: 7_000, height: 7_000, size: 1_365 }],
    ['a JPEG of 200 megapixels', { format: 'jpeg', width: 16_320, height: 12_240, size: 10 * MEGABYTE }],
    [
      'a JPEG of 64 megapixels in 800 scans',
      { format: 'jpeg', width: 8_000, height: 8_000, scans: 800, size: 227_541 },
    ],
    ['a WebP of 49 megapixels', { format: 'webp', width: 7_000, height: 7_000, size: 38 }],
    ['an animation that is a film', { format: 'webp', width: 1_280, height: 720, pages: 50, size: MEGABYTE }],
    ['an animation in WebP of noise', { format: 'webp', width: 200, height: 200, pages: 600, size: 9.19 * MEGABYTE }],
    [
      'an animation in WebP that is larger than its small pictures',
      { format: 'webp', width: 1_400, height: 1_400, pages: 10, size: 6.9 * MEGABYTE },
    ],
    ['a GIF of noise', { format: 'gif', width: 1_000, height: 1_000, pages: 20, size: 10 * MEGABYTE }],
    ['a PNG of 20 million rows', { format: 'png', width: 1, height: 20_000_000, size: 20_000 }],
    ['a PNG of 6 million rows', { format: 'png', width: 1, height: 6_000_000, size: 6_000 }],
    ['a PNG of 60 million columns', { format: 'png', width: 60_000_000, height: 1, size: 60_000 }],
    [
      'a PNG of 6 million columns on its side',
      { format: 'png', width: 6_000_000, height: 1, size: 6_000, isTurned: true },
    ],
    ['a coding that nobody knows', { format: 'jp2k', width: 6_000, height: 4_000, size: MEGABYTE }],
  ])('refuses %s', (_, header) => {
    expect(isTooCostly(header)).toBe(true);
  });

  it.each([
    ['a panorama of a phone', { format: 'jpeg', width: 16_382, height: 3_952, isTurned: true }],
    ['a progressive JPEG of 48 megapixels', { format: 'jpeg', width: 8_000, height: 6_000, isProgressive: true }],
    ['a JPEG of 48 megapixels on its side', { format: 'jpeg', width: 8_000, height: 6_000, isTurned: true }],
    ['a HEIC of 12 megapixels', { format: 'heic', width: 4_032, height: 3_024, output: 'jpeg' }],
    ['an AVIF of 12 megapixels', { format: 'heif', width: 4_032, height: 3_024, output: 'jpeg' }],
  ])('lets a container of 512 MB survive %s', (_, header) => {
    expect(estimatedMemory({ size: MEGABYTE, ...header })).toBeLessThan(0.6 * 512 * 1024 * 1024);
  });
});
