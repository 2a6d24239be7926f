import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createTestDatabase, query, type TestDatabase } from '../../support/databases/postgres.js';
import { ServerProcess } from '../../support/processes/process.js';
import { type Anything, request } from '../../support/story.js';

describe('npm run seed', () => {
  let database: TestDatabase;
  let directory: string;

  beforeAll(async () => {
    database = await createTestDatabase();
    directory = mkdtempSync(join(tmpdir(), 'parley-seed-'));
  });
  afterAll(async () => {
    await database.drop();
    rmSync(directory, { recursive: true });
  });

  function seed(parameters: readonly string[] = [], environment: Record<string, string> = {}) {
    const child = spawn(process.execPath, ['scripts/seed.mjs', ...parameters], {
      // A port that nobody listens on.
      env: { PATH: process.env.PATH, DATABASE_URL: database.url, DATA_DIR: directory, PORT: '1', ...environment },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let output = '';
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (chunk: Buffer) => (output += chunk.toString()));
    return new Promise<{ code: number | null; output: string }>((resolve) =>
      child.once('close', (code) => resolve({ code, output })),
    );
  }

  it('makes two people, a group and a history, once, whether a server runs or not; and not in production', async () => {
    // One that runs under a port which the command does not know.
    await query(database.url, `INSERT INTO presence_nodes VALUES (gen_random_uuid(), now() + interval '1 hour')`);
    const first = await seed();
    expect(first).toEqual({ code: 0, output: expect.stringContaining('username ada    password look around') });
    expect(await query(database.url, 'SELECT FROM presence_nodes')).toHaveLength(1);
    const server = await ServerProcess.start({ DATABASE_URL: database.url, DATA_DIR: directory });
    try {
      expect((await seed([`--url=${server.url}`])).code).toBe(0);
      const credentials = { username: 'ada', password: 'look around' };
      const { body: tokens } = await request(server.url, 'POST', '/auth/login', credentials);
      const get = async (path: string): Promise<Anything> =>
        (await request(server.url, 'GET', path, undefined, tokens.accessToken)).body;
      const { items } = await get('/conversations');
      expect(items.map(({ type, title }: Anything) => [type, title])).toEqual([
        ['GROUP', 'Trip to Lisbon'],
        ['DIRECT', null],
      ]);
      expect((await get('/friends')).items).toHaveLength(1);
      const texts = [];
      for (const { id } of items)
        texts.push(
          ...(await get(`/conversations/${id}/messages`)).items.filter(({ kind }: Anything) => kind !== 'SYSTEM'),
        );
      expect(texts).toHaveLength(14);
      expect(texts.flatMap(({ reactions }) => reactions)).toHaveLength(2);
    } finally {
      await server.stop();
    }

    const refused = await seed([], { NODE_ENV: 'production' });
    expect(refused).toEqual({ code: 1, output: expect.stringContaining('this is production') });
  });
});
