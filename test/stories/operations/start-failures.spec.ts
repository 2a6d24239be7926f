import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { type AddressInfo, createServer, type Server } from 'node:net';
import pg from 'pg';
import { createTestDatabase, type TestDatabase } from '../../support/databases/postgres.js';

const PASSWORD = 'never-to-be-printed';

/**
 * Starts the server, which must refuse to, and returns what it printed. One of several processes: the first one prepares the
 * database, as a server that is one process does, and loads little else.
 */
async function refusal(environment: Record<string, string>): Promise<string> {
  const child = spawn(process.execPath, ['dist/main.js'], {
    env: {
      ...process.env,
      NODE_OPTIONS: '',
      NODE_ENV: 'production',
      PORT: '0',
      WORKERS: '2',
      HOST: '127.0.0.1',
      JWT_SECRET: 'a secret for the processes of tests',
      ...environment,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += String(chunk)));
  // Not its exit alone: what it printed may still be on its way.
  const [code] = await once(child, 'close');
  expect(output).not.toContain(PASSWORD);
  expect(code).toBe(1);
  // In production every line is JSON, and one alone says why.
  const lines = output
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as { level: string; message: string })
    .filter(({ level }) => level !== 'log');
  expect(lines).toEqual([expect.objectContaining({ level: 'fatal' })]);
  return lines[0]?.message ?? '';
}

describe('a start that must fail', () => {
  let database: TestDatabase;
  let closing: Server;
  const changed = (change: (url: URL) => void): string => {
    const url = new URL(database.url);
    change(url);
    return url.href;
  };

  beforeAll(async () => {
    database = await createTestDatabase();
    closing = createServer((socket) => socket.destroy()).listen(0, '127.0.0.1');
    await once(closing, 'listening');
  });
  afterAll(async () => {
    closing.close();
    await database.drop();
  });

  it('names a host that does not exist', async () => {
    const url = `postgresql://parley:${PASSWORD}@no-such-host.invalid:5432/parley`;
    for (const WORKERS of ['1', '2'])
      expect(await refusal({ DATABASE_URL: url, WORKERS })).toMatch(
        /^DATABASE_URL: the host "no-such-host\.invalid" .*\((ENOTFOUND|EAI_AGAIN)\)/,
      );
  });

  it('names a port that nothing listens at', async () => {
    const line = await refusal({ DATABASE_URL: `postgresql://parley:${PASSWORD}@localhost:1/parley` });
    expect(line).toMatch(/^DATABASE_URL: nothing listens at localhost:1 \(ECONNREFUSED\)/);
  });

  it('names what is no PostgreSQL', async () => {
    const { port } = closing.address() as AddressInfo;
    const line = await refusal({ DATABASE_URL: `postgresql://parley:${PASSWORD}@127.0.0.1:${port}/parley` });
    expect(line).toMatch(/^DATABASE_URL: 127\.0\.0\.1:\d+ closed the connection/);
  });

  it('names the user whose password is wrong', async () => {
    const line = await refusal({ DATABASE_URL: changed((url) => (url.password = PASSWORD)) });
    expect(line).toMatch(/^DATABASE_URL: the password of user "postgres" is wrong at 127\.0\.0\.1:\d+ \(28P01\)$/);
  });

  it('names a database that is not there', async () => {
    const line = await refusal({ DATABASE_URL: changed((url) => (url.pathname = '/nowhere')) });
    expect(line).toMatch(/^DATABASE_URL: there is no database "nowhere" at 127\.0\.0\.1:\d+ \(3D000\): create it$/);
  });

  it('names TLS where the server has none', async () => {
    const line = await refusal({ DATABASE_URL: changed((url) => url.searchParams.set('sslmode', 'verify-full')) });
    expect(line).toMatch(/^DATABASE_URL: PostgreSQL at .* does not speak TLS/);
  });

  it('says that a newer release has migrated the database', async () => {
    const client = new pg.Client({ connectionString: database.url });
    await client.connect();
    await client.query(
      `INSERT INTO _prisma_migrations (id, checksum, migration_name, finished_at)
       VALUES ('from the future', repeat('0', 64), '20990101000000_beyond', now())`,
    );
    const line = await refusal({ DATABASE_URL: database.url });
    expect(line).toMatch(/^the database was migrated by a newer release \(20990101000000_beyond is unknown here\)/);
    await client.query(`DELETE FROM _prisma_migrations WHERE id = 'from the future'`);
    await client.end();
  });

  it('names an address to listen on that is not of this machine', async () => {
    expect(await refusal({ DATABASE_URL: database.url, WORKERS: '1', HOST: '192.0.2.1' })).toMatch(
      /^HOST 192\.0\.2\.1 is no IP address/,
    );
    expect(await refusal({ DATABASE_URL: database.url, WORKERS: '1', HOST: 'no-such-host.invalid' })).toMatch(
      /^HOST no-such-host\.invalid is no IP address/,
    );
  });
});
