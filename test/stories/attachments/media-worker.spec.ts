import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { MediaProcessor } from '../../../src/attachments/media/media-processor.js';
import { picture, recording } from '../../support/files.js';
import { filesUnder, SLOW_STORE_TIMINGS, type S3Server, startS3 } from '../../support/servers/s3.js';
import { type Anything, type Person, request, startStory, type Story } from '../../support/story.js';

/** As long as outside of tests. */
const SILENCE_TIMEOUT_MS = 15_000;

describe('uploads while the worker that reads them dies or is stopped', () => {
  let directory: string;
  let s3: S3Server;
  let story: Story;
  let ada: Person;
  let processor: MediaProcessor;
  let image: Buffer;
  let timer: NodeJS.Timeout | undefined;

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'parley-worker-'));
    s3 = await startS3();
    story = await startStory({ timings: SLOW_STORE_TIMINGS }, { DATA_DIR: directory, ...s3.environment });
    ada = await story.person('ada');
    processor = story.app.get(MediaProcessor);
    image = await picture(1_200, 900).jpeg().toBuffer();
  });
  afterEach(() => endStrikes());
  afterAll(async () => {
    await story.close();
    await s3.close();
    await rm(directory, { recursive: true, force: true });
  });

  const waitForWorkers = (silenceTimeoutMs: number): void => void Object.assign(processor, { silenceTimeoutMs });
  const endStrikes = (): void => {
    clearInterval(timer);
    waitForWorkers(SILENCE_TIMEOUT_MS);
  };

  /**
   * Sends a signal to every worker as soon as it is there, to so many at the most. One that was struck is waited for less long
   * than elsewhere; the others have their time, on a busy machine too.
   */
  const strike = (signal: NodeJS.Signals, most = Infinity): Set<number> => {
    const struck = new Set<number>();
    timer = setInterval(() => {
      const pid = processor.workerPid;
      waitForWorkers(pid !== undefined && struck.has(pid) ? 1_000 : SILENCE_TIMEOUT_MS);
      if (pid === undefined || struck.has(pid) || struck.size >= most) return;
      struck.add(pid);
      try {
        process.kill(pid, signal);
      } catch {
        // It ended by itself meanwhile.
      }
    }, 5);
    return struck;
  };
  const many = async (): Promise<Anything[]> => {
    const film = await recording('film');
    return Promise.all(
      Array.from({ length: 8 }, (_, index) =>
        index % 2 === 0 ? ada.upload(image, 'a.jpg') : ada.upload(film, 'a.mp4'),
      ),
    );
  };

  it.each(['SIGKILL', 'SIGSTOP'] as const)(
    'are all taken where one worker gets a %s while many of them wait',
    async (signal) => {
      await ada.mustUpload(image, 'first.jpg');
      const struck = strike(signal, 1);
      expect((await many()).map(({ status }) => status)).toEqual(Array.from({ length: 8 }, () => 201));
      expect(struck.size).toBe(1);
    },
    180_000,
  );

  it('are answered 503 with Retry-After where every worker is killed, keep nothing, and are taken afterwards', async () => {
    const before = (await s3.keys()).length;
    strike('SIGKILL');
    for (const { status, body, headers } of await many()) {
      expect([status, body.code]).toEqual([503, 'UNAVAILABLE']);
      expect(Number(headers.get('retry-after'))).toBeGreaterThan(0);
    }
    endStrikes();
    expect(await s3.keys()).toHaveLength(before);
    expect(await filesUnder(join(directory, 'spool'))).toEqual([]);
    expect((await ada.upload(image, 'a.jpg')).status).toBe(201);
  }, 180_000);

  it('that were announced may be confirmed again where every worker was stopped', async () => {
    const announced = { name: 'a.jpg', size: image.length, mimeType: 'image/jpeg' };
    const { id, url, headers } = await ada.must('POST', '/attachments/uploads', announced);
    expect((await fetch(url, { method: 'PUT', headers, body: new Uint8Array(image) })).status).toBe(200);
    const confirm = () => request(story.url, 'POST', `/attachments/uploads/${id}/confirm`, undefined, ada.accessToken);
    strike('SIGSTOP');
    const refused = await confirm();
    expect([refused.status, refused.body.code]).toEqual([503, 'UNAVAILABLE']);
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
    endStrikes();
    // The last one was stopped as well, and nothing is asked of it any more.
    expect((await confirm()).body).toMatchObject({ id, kind: 'IMAGE', width: 1_200 });
  }, 180_000);
});
