import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { setTimeout } from 'node:timers/promises';
import { promisify } from 'node:util';
import { Mp4OutputFormat } from 'mediabunny';
import sharp from 'sharp';
import type { Configuration } from '../../config/configuration.js';
import { Clock } from '../../common/clock.js';
import { LIMITS } from '../../config/limits.js';
import { MemoryRateLimiter } from '../../limits/rates/memory-rate-limiter.js';
import { UnlimitedRateLimiter } from '../../limits/rates/rate-limiter.js';
import { picture, recorded } from '../../../test/support/files.js';
import { sideBySide } from '../../../test/support/processes/side-by-side.js';
import { MediaProcessor } from './media-processor.js';

const MEGABYTE = 1024 * 1024;
const bounds = (megabytes: number): Configuration => ({ mediaMemoryBytes: megabytes * MEGABYTE }) as Configuration;
const MEMORY = bounds(512);

class LimitedProcessor extends MediaProcessor {
  protected override readonly maxCpuMs = 1;
}

/** The most memory that a living process ever had. */
async function peakBytesOf(pid: number | undefined): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  return Number(/VmHWM:\s+(\d+) kB/.exec(status)?.[1]) * 1024;
}
// Only Linux shows them.
const showsPeaks = existsSync('/proc/self/status') ? it : it.skip;

describe('processing images', () => {
  let directory: string;
  let input: string;
  const images = new MediaProcessor(new UnlimitedRateLimiter(), MEMORY);

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'parley-images-'));
    input = join(directory, 'input.jpg');
    await sharp({ create: { width: 2_000, height: 1_500, channels: 3, background: 'teal' } })
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
    const limited = new LimitedProcessor(new UnlimitedRateLimiter(), MEMORY);
    try {
      await expect(limited.processImage('ada', paths())).rejects.toMatchObject({ code: 'IMAGE_TOO_LARGE' });
      await expect(limited.processImage('bob', paths())).rejects.toMatchObject({ code: 'IMAGE_TOO_LARGE' });
    } finally {
      limited.onApplicationShutdown();
    }
    expect(await images.processImage('ada', paths())).toMatchObject({
      width: 2_000,
      height: 1_500,
      mimeType: 'image/jpeg',
    });
  });

  it('leaves a user in debt whose file took more of the processor than was left', async () => {
    class StoppedClock extends Clock {
      override now(): number {
        return 1_000_000;
      }
    }
    const limiter = new MemoryRateLimiter(new StoppedClock());
    const processor = new MediaProcessor(limiter, MEMORY);
    const outcome = { result: { fault: 'invalid', message: 'it is damaged' }, cpuMs: 30_000 };
    Object.assign(processor, { runWithRetry: async () => outcome });
    limiter.consume('imageSeconds', 'ada', LIMITS.imageSeconds.burst - 10);
    await expect(processor.processImage('ada', paths())).rejects.toMatchObject({ code: 'UNSUPPORTED_MEDIA' });
    // Of thirty seconds ten were left, and six seconds more cost one.
    await expect(processor.processImage('ada', paths())).rejects.toMatchObject({
      code: 'RATE_LIMITED',
      retryAfterMs: (20 + 3) * 6_000,
    });
  });

  it('takes an image again in another worker where the first was killed over it', async () => {
    const processor = new MediaProcessor(new UnlimitedRateLimiter(), MEMORY);
    try {
      await processor.processImage('ada', paths());
      const first = processor.workerPid as number;
      const done = processor.processImage('ada', paths());
      process.kill(first, 'SIGKILL');
      expect(await done).toMatchObject({ width: 2_000 });
      expect(processor.workerPid).not.toBe(first);
    } finally {
      processor.onApplicationShutdown();
    }
  }, 180_000);

  /** Both wait until it is noticed, or is over. */
  const standstills = [
    {
      name: 'takes an image again where the worker was stopped, and says that it is the machine where the next one is, too',
      run: async () => {
        class HastyProcessor extends MediaProcessor {
          override silenceTimeoutMs = 500;
        }
        const processor = new HastyProcessor(new UnlimitedRateLimiter(), MEMORY);
        const stopped = new Set<number>();
        const stopOver = (isOver: () => boolean): NodeJS.Timeout =>
          setInterval(() => {
            const pid = processor.workerPid;
            if (pid === undefined || stopped.has(pid)) return;
            // One that lives may need seconds to start where the machine is busy.
            processor.silenceTimeoutMs = isOver() ? 15_000 : 500;
            if (isOver()) return;
            stopped.add(pid);
            process.kill(pid, 'SIGSTOP');
          }, 5);
        let timer = stopOver(() => stopped.size >= 1);
        try {
          expect(await processor.processImage('ada', paths(directory, 'stopped'))).toMatchObject({ width: 2_000 });
          clearInterval(timer);
          timer = stopOver(() => false);
          await expect(processor.processImage('ada', paths(directory, 'stopped'))).rejects.toMatchObject({
            code: 'UNAVAILABLE',
            retryAfterMs: expect.any(Number),
          });
          expect(stopped.size).toBeGreaterThanOrEqual(3);
        } finally {
          clearInterval(timer);
          processor.onApplicationShutdown();
        }
      },
    },
    {
      name: 'counts the time of the processor: an image whose worker is starved longer than it may take is taken',
      run: async () => {
        class StrictProcessor extends MediaProcessor {
          override maxCpuMs = 60_000;
        }
        const processor = new StrictProcessor(new UnlimitedRateLimiter(), MEMORY);
        try {
          // The first pays for the start of the worker, too.
          await processor.processImage('ada', paths(directory, 'starved'));
          processor.maxCpuMs = 1_500;
          const done = processor.processImage('ada', paths(directory, 'starved'));
          const worker = processor.workerPid as number;
          process.kill(worker, 'SIGSTOP');
          await setTimeout(2_000);
          process.kill(worker, 'SIGCONT');
          expect(await done).toMatchObject({ width: 2_000 });
          expect(processor.workerPid).toBe(worker);
        } finally {
          processor.onApplicationShutdown();
        }
      },
    },
  ];
  // oxlint-disable-next-line jest/expect-expect -- each of them asserts
  it.each(standstills)(
    '$name',
    sideBySide(standstills, ({ run }) => run()),
    180_000,
  );

  it('never takes an image for damaged because workers are killed over it', async () => {
    const processor = new MediaProcessor(new UnlimitedRateLimiter(), MEMORY);
    const timer = setInterval(() => {
      if (processor.workerPid !== undefined) process.kill(processor.workerPid, 'SIGKILL');
    }, 5);
    try {
      await expect(processor.processImage('ada', paths())).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    } finally {
      clearInterval(timer);
      processor.onApplicationShutdown();
    }
  }, 180_000);

  showsPeaks(
    'decodes a progressive JPEG of 48 megapixels, on its side, within a container of 512 MB',
    async () => {
      const processor = new MediaProcessor(new UnlimitedRateLimiter(), bounds(307));
      const large = join(directory, 'progressive.jpg');
      await sharp({ create: { width: 8_000, height: 6_000, channels: 3, background: 'navy' } })
        .withMetadata({ orientation: 6 })
        .jpeg({ progressive: true })
        .toFile(large);
      try {
        const image = await processor.processImage('ada', paths(directory, 'progressive', large));
        expect(image).toMatchObject({ width: 6_000, height: 8_000 });
        expect(await peakBytesOf(processor.workerPid)).toBeLessThan(300 * MEGABYTE);
      } finally {
        processor.onApplicationShutdown();
      }
    },
    180_000,
  );

  showsPeaks(
    'gives the memory of a photograph back before the next one',
    async () => {
      const photograph = join(directory, 'photograph.jpg');
      await picture(4_000, 3_000).jpeg({ quality: 90 }).toFile(photograph);
      const processor = new MediaProcessor(new UnlimitedRateLimiter(), MEMORY);
      try {
        const processOne = (): Promise<unknown> =>
          processor.processImage('ada', paths(directory, 'photograph', photograph));
        await processOne();
        // One that kept too much would be ended with the photograph.
        const worker = processor.workerPid;
        expect(worker).toBeDefined();
        await processOne();
        expect(processor.workerPid).toBe(worker);
        expect(await peakBytesOf(worker)).toBeLessThan(300 * MEGABYTE);
      } finally {
        processor.onApplicationShutdown();
      }
    },
    600_000,
  );

  it('refuses a picture in AVIF of which little is shown where all that is decoded takes too much memory', async () => {
    // 4,000 × 4,000 pixels of one colour, with a `clap` that shows 64 × 64 of them.
    const cut = 'test/fixtures/clap-16-megapixels.avif';
    expect(await sharp(cut).metadata()).toMatchObject({ width: 64, height: 64 });
    const processor = new MediaProcessor(new UnlimitedRateLimiter(), bounds(300));
    try {
      await expect(processor.processImage('ada', paths(directory, 'cut', cut))).rejects.toMatchObject({
        code: 'IMAGE_TOO_LARGE',
      });
    } finally {
      processor.onApplicationShutdown();
    }
    expect(await images.processImage('ada', paths(directory, 'cut', cut))).toMatchObject({ width: 64, height: 64 });
  });

  it('says that it is the machine where a file cannot be written', async () => {
    const job = images.processImage('ada', paths(join(directory, 'nowhere')));
    await expect(job).rejects.toMatchObject({ code: 'UNAVAILABLE', retryAfterMs: expect.any(Number) });
  });

  // A device that is always full, which not every system has.
  (existsSync('/dev/full') ? describe : describe.skip)('on a disk that is full', () => {
    it.each([
      ['the picture itself', 'output'],
      ['its smaller picture', '1280'],
      ['its smallest one', '320'],
    ])('says that it is the machine where %s cannot be written', async (_, which) => {
      const full = join(directory, `full-${which}`);
      // Never the device itself: what fails is removed.
      await symlink('/dev/full', full);
      const good = paths(directory, `beside-${which}`);
      const job =
        which === 'output' ? { ...good, output: full } : { ...good, thumbnails: { ...good.thumbnails, [which]: full } };
      await expect(images.processImage('ada', job)).rejects.toMatchObject({ code: 'UNAVAILABLE' });
      for (const path of [job.output, ...Object.values(job.thumbnails)]) expect(existsSync(path)).toBe(false);
    });

    it('says so where a film cannot be copied', async () => {
      const film = join(directory, 'film.mp4');
      await writeFile(film, await recorded(new Mp4OutputFormat(), { video: 'vp9', subtitles: 'somewhere' }));
      const full = join(directory, 'full-film');
      await symlink('/dev/full', full);
      const job = { input: film, output: full, kind: 'VIDEO', mimeType: 'video/mp4', extension: 'mp4' } as const;
      await expect(images.processRecording('ada', job)).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    });
  });

  const limitsFiles = process.platform === 'win32' ? it.skip : it;
  limitsFiles(
    'says that it is the machine where no file is left to open for a worker, and takes the next image',
    async () => {
      const program = `
      import { closeSync, openSync } from 'node:fs';
      const { MediaProcessor } = await import(${JSON.stringify(new URL('../../../dist/attachments/media/media-processor.js', import.meta.url).href)});
      const limiter = { consume: async () => undefined, charge: async () => undefined, restore: async () => undefined };
      const processor = new MediaProcessor(limiter, { mediaMemoryBytes: ${512 * MEGABYTE} });
      const take = () => processor.processImage('ada', ${JSON.stringify(paths(directory, 'no-files'))})
        .then(({ width }) => width, ({ code }) => code);
      const files = [];
      try {
        for (;;) files.push(openSync('/dev/null'));
      } catch (error) {
        files.push(error.code);
      }
      const refused = await take();
      const full = files.pop();
      for (const file of files) closeSync(file);
      console.log(JSON.stringify([full, refused, await take()]));
      process.exit();
    `;
      const limited = ['-c', 'ulimit -n 128; exec "$0" --input-type=module --eval "$1"', process.execPath, program];
      const { stdout } = await promisify(execFile)('sh', limited, { env: { ...process.env, NODE_OPTIONS: '' } });
      // Behind what the log says.
      expect(JSON.parse(stdout.trim().split('\n').at(-1) ?? '')).toEqual(['EMFILE', 'UNAVAILABLE', 2_000]);
    },
  );

  it('refuses more images of one user than it may have waiting, and takes others’', async () => {
    const small = join(directory, 'small.png');
    await sharp({ create: { width: 300, height: 300, channels: 3, background: 'teal' } })
      .png()
      .toFile(small);
    const all = Array.from({ length: 70 }, (_, n) =>
      images.processImage('greedy', paths(directory, `greedy-${n}`, small)).then(
        () => 'done',
        (error: { code: string }) => error.code,
      ),
    );
    const done = images.processImage('other', paths(directory, 'other', small)).then(() => 'first');
    expect(await Promise.race([Promise.all(all.slice(0, 10)).then(() => 'last'), done])).toBe('first');
    expect((await Promise.all(all)).filter((answer) => answer === 'OVERLOADED')).toHaveLength(9);
  }, 180_000);
});
