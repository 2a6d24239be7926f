import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import pg from 'pg';
import { Documents } from '../../support/documents.js';
import { createTestDatabase } from '../../support/databases/postgres.js';
import { ServerProcess } from '../../support/processes/process.js';
import { Person } from '../../support/story.js';

interface Operation {
  parameters?: { name: string; in: string }[];
}

/** What starts with `npm start` is joined from the modules that other tests load one by one. */
describe('the server as it is built', () => {
  let database: Awaited<ReturnType<typeof createTestDatabase>>;
  let directory: string;
  let server: ServerProcess;
  let root: Person;

  beforeAll(async () => {
    database = await createTestDatabase();
    directory = mkdtempSync(join(tmpdir(), 'parley-built-'));
    server = await ServerProcess.start({ DATABASE_URL: database.url, DATA_DIR: directory, RATE_LIMITS: 'off' });
    root = await Person.register(server.url, 'root');
    const client = new pg.Client({ connectionString: database.url });
    await client.connect();
    await client.query(`UPDATE users SET role = 'ADMIN' WHERE id = $1`, [root.id]);
    await client.end();
  }, 120_000);
  afterAll(async () => {
    await server.kill();
    await database.drop();
    rmSync(directory, { recursive: true, force: true, maxRetries: 20 });
  }, 120_000);

  it('reads the numbers in the addresses of all lists', async () => {
    const lists = Object.entries(new Documents().openApi.paths as Record<string, { get?: Operation }>).flatMap(
      ([path, { get }]) =>
        get?.parameters?.some(({ name }) => name === 'limit') === true && !path.includes('{') ? [path] : [],
    );
    expect(lists.length).toBeGreaterThan(10);
    const codes: Record<string, boolean[]> = {};
    for (const path of lists) {
      const limits = [1, 0].map((limit) => root.call('GET', `${path}?limit=${limit}`));
      codes[path] = (await Promise.all(limits)).map(({ body: answer }) =>
        Object.keys(answer.errors ?? {}).includes('limit'),
      );
    }
    expect(codes).toEqual(Object.fromEntries(lists.map((path) => [path, [false, true]])));
  }, 120_000);
});
