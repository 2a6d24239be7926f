import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { UnlimitedRateLimiter } from '../../limits/rate-limiter.js';
import { ImageProcessor } from './image-processor.js';

class ImpatientProcessor extends ImageProcessor {
  protected override readonly maxCpuMs = 1;
}

describe('processing images', () => {
  let directory: string;
  let input: string;
  const images = new ImageProcessor(new UnlimitedRateLimiter());

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'parley-images-'));
    input = join(directory, 'input.jpg');
    await sharp({ create: { width: 4_000, height: 3_000, channels: 3, background: 'teal' } })
      .jpeg()
      .toFile(input);
  });
  afterAll(async () => {
    images.onApplicationShutdown();
    await rm(directory, { recursive: true, force: true });
  });

  const paths = (folder = directory, name = 'output', from = input) => ({
    input: from,
    output: join(folder, name),
    thumbnails: { 320: join(folder, `${name}-320`), 1280: join(folder, `${name}-1280`) },
  });

  it('gives an image up that takes more of the processor than any should, and takes the next one', async () => {
    const impatient = new ImpatientProcessor(new UnlimitedRateLimiter());
    try {
      await expect(impatient.process('ada', paths())).rejects.toMatchObject({ code: 'IMAGE_TOO_LARGE' });
      await expect(impatient.process('bob', paths())).rejects.toMatchObject({ code: 'IMAGE_TOO_LARGE' });
    } finally {
      impatient.onApplicationShutdown();
    }
    expect(await images.process('ada', paths())).toMatchObject({ width: 4_000, height: 3_000, mimeType: 'image/jpeg' });
  });

  it('says that it is the machine where a file cannot be written', async () => {
    const job = images.process('ada', paths(join(directory, 'nowhere')));
    await expect(job).rejects.toMatchObject({ code: 'UNAVAILABLE', retryAfterMs: expect.any(Number) });
  });

  it('refuses more images of one user than it may have waiting, and takes others’', async () => {
    const small = join(directory, 'small.png');
    await sharp({ create: { width: 300, height: 300, channels: 3, background: 'teal' } })
      .png()
      .toFile(small);
    const all = Array.from({ length: 70 }, (_, n) =>
      images.process('greedy', paths(directory, `greedy-${n}`, small)).then(
        () => 'done',
        (error: { code: string }) => error.code,
      ),
    );
    const done = images.process('other', paths(directory, 'other', small)).then(() => 'first');
    expect(await Promise.race([Promise.all(all.slice(0, 10)).then(() => 'last'), done])).toBe('first');
    expect((await Promise.all(all)).filter((answer) => answer === 'OVERLOADED')).toHaveLength(9);
  }, 60_000);
});
