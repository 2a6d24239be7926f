import { createHash, randomBytes } from 'node:crypto';
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { type FakeClamd, startClamd } from '../servers/clamd.js';
import { type Person, startStory, type Story } from '../story.js';
import { idOf, TusClient } from './tus.js';

export const MEGABYTE = 1024 * 1024;
export const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

/** A download as it came, so that what is served can be held against what was sent. */
export const file = (size: number): Buffer => Buffer.concat([Buffer.from('plain text: '), randomBytes(size - 12)]);

export const served = async (person: Person, id: string): Promise<Buffer> => {
  const { url } = await person.must('GET', `/attachments/${id}`);
  return Buffer.from(await (await fetch(new URL(url, person.url))).arrayBuffer());
};

/** A server that takes resumable uploads, two of its users, and what lies on its disk. */
export interface ResumableStory {
  directory: string;
  clamd: FakeClamd;
  story: Story;
  database: pg.Client;
  ada: Person;
  bob: Person;
  /** Speaks for Ada. */
  tus: TusClient;
  /** The path of the bytes of an upload that is not complete. */
  partial: (location: string) => string;
  /** The number of those bytes. */
  received: (location: string) => Promise<number>;
  close: () => Promise<void>;
}

export async function startResumableStory(environment: Record<string, string> = {}): Promise<ResumableStory> {
  const directory = await mkdtemp(join(tmpdir(), 'parley-tus-'));
  const clamd = await startClamd();
  const limits = { MAX_IMAGE_MB: '2', MAX_FILE_MB: '4', MAX_AUDIO_MB: '4', MAX_VIDEO_MB: '4', MAX_SPOOL_MB: '64' };
  const story = await startStory(
    {},
    {
      DATA_DIR: directory,
      CLAMAV_URL: `tcp://127.0.0.1:${clamd.port}`,
      CORS_ORIGINS: 'https://app.example.com',
      ...limits,
      ...environment,
    },
  );
  const [ada, bob] = await Promise.all([story.person('ada'), story.person('bob')]);
  const database = new pg.Client({ connectionString: story.databaseUrl });
  await database.connect();
  const partial = (location: string): string => join(directory, 'tus', idOf(location));
  return {
    ...{ directory, clamd, story, database, ada, bob, partial },
    tus: new TusClient(ada, story.url),
    received: async (location) => (await stat(partial(location)).catch(() => ({ size: 0 }))).size,
    close: async () => {
      await database.end();
      await story.close();
      await clamd.close();
      await rm(directory, { recursive: true, force: true });
    },
  };
}
