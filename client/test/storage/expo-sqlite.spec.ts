import { afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Database } from '../../src/ports/storage.js';
import { expoSqliteStorage } from '../../src/storage/expo-sqlite.js';
import { codeOf, conformance } from './conformance.js';
import { betterSqlite3 } from '../support/better-sqlite3.js';
import { type Sqlite, SqliteShim } from './sqlite-shim.js';

describe('the storage adapter expo-sqlite', () => {
  let Native: Sqlite;
  let shim: SqliteShim;
  beforeAll(async () => {
    Native = await betterSqlite3();
  }, 900_000);
  beforeEach(() => {
    shim = new SqliteShim(Native, mkdtempSync(join(tmpdir(), 'parley-sqlite-')));
  });
  afterEach(() => {
    for (const connection of shim.connections) connection.close();
    rmSync(shim.folder, { recursive: true, force: true });
  });

  // oxlint-disable-next-line jest/expect-expect -- the cases throw
  it.each(conformance)('$title', ({ run }) => run(expoSqliteStorage(shim), 'account'));

  const put = (database: Database, key: string): Promise<void> =>
    database.transaction('readwrite', ['outbox'], (transaction) => transaction.put('outbox', key, 1));
  const keys = (database: Database): Promise<string[]> =>
    database.transaction('readonly', ['outbox'], async (transaction) =>
      (await transaction.range('outbox')).map(({ key }) => key),
    );
  const file = (): string => {
    const found = readdirSync(shim.folder).find((name) => name.endsWith('.db'));
    if (found === undefined) throw new Error('there is no file');
    return join(shim.folder, found);
  };
  const pragma = (name: string): unknown => {
    const [connection] = shim.connections;
    return Object.values(connection?.prepare(`PRAGMA ${name}`).get() ?? {})[0];
  };
  /** Fails the next statement that matches. */
  const failOnce = (pattern: RegExp, message: string): void => {
    shim.fault = (sql) => {
      if (!pattern.test(sql)) return;
      shim.fault = () => undefined;
      throw new Error(message);
    };
  };

  it('uses one connection, in WAL mode, for all handles of an account', async () => {
    const storage = expoSqliteStorage(shim);
    const databases = await Promise.all([storage.open('account'), storage.open('account')]);
    await Promise.all(databases.flatMap((database) => [put(database, 'a'), put(database, 'b'), keys(database)]));
    expect(shim.opened).toBe(1);
    expect(pragma('journal_mode')).toBe('wal');
    await Promise.all(databases.map((database) => database.close()));
    expect(shim.connections.size).toBe(0);
  });

  it('uses that connection for another storage on the same files, too, and says to its handles that one was removed', async () => {
    const [one, other] = [expoSqliteStorage(shim), expoSqliteStorage(shim)];
    const [left, open, closed] = [await one.open('account'), await other.open('account'), await other.open('account')];
    await Promise.all([put(left, 'a'), put(open, 'b')]);
    expect([shim.opened, await keys(left)]).toEqual([1, ['a', 'b']]);
    const said: unknown[] = [];
    for (const database of [open, closed]) database.onDestroyed?.((isEmptied) => said.push([database, isEmptied]));
    await closed.close();
    await left.close();
    await one.destroy('account');
    expect([said, shim.connections.size]).toEqual([[[open, false]], 0]);
    expect(await codeOf(put(open, 'c'))).toBe('CLOSED');
    const next = await other.open('account');
    expect(await keys(next)).toEqual([]);
    await open.close();
    await put(next, 'd');
    await next.close();
  });

  it('closes its connection also where another handle could not be opened', async () => {
    const storage = expoSqliteStorage(shim, { busyTimeoutMs: 0 });
    const database = await storage.open('account');
    failOnce(/^BEGIN$/, 'database is locked');
    expect(await codeOf(storage.open('account'))).toBe('UNAVAILABLE');
    await database.close();
    expect(shim.connections.size).toBe(0);
  });

  it('waits for the disk where the user made the rows, and not for what the server can send again', async () => {
    const database = await expoSqliteStorage(shim).open('account');
    await database.transaction('readwrite', ['messages'], (transaction) => transaction.put('messages', 'a', 1));
    expect(pragma('synchronous')).toBe(1);
    await database.transaction('readwrite', ['messages', 'outbox'], (transaction) => transaction.put('outbox', 'a', 1));
    expect(pragma('synchronous')).toBe(2);
    await database.close();
  });

  it('waits while another connection holds the file, and loses no transaction to it', async () => {
    const database = await expoSqliteStorage(shim).open('account');
    const other = new Native(file(), { timeout: 0 });
    other.exec('BEGIN IMMEDIATE');
    let refusals = 0;
    shim.fault = (sql) => {
      if (sql.startsWith('BEGIN IMMEDIATE') && (refusals += 1) === 3) other.exec('COMMIT');
    };
    await Promise.all([put(database, 'a'), put(database, 'b')]);
    expect(refusals).toBe(4);
    expect(await keys(database)).toEqual(['a', 'b']);
    other.close();
    await database.close();
  });

  it('reads while another connection writes', async () => {
    const database = await expoSqliteStorage(shim).open('account');
    await put(database, 'a');
    const other = new Native(file(), { timeout: 0 });
    other.exec(`BEGIN IMMEDIATE; INSERT INTO outbox VALUES ('z', 'j1')`);
    expect(await keys(database)).toEqual(['a']);
    other.exec('COMMIT');
    expect(await keys(database)).toEqual(['a', 'z']);
    other.close();
    await database.close();
  });

  it('gives up on a file that stays locked, with an error that says so, and works once it is free', async () => {
    const database = await expoSqliteStorage(shim, { busyTimeoutMs: 60 }).open('account');
    const other = new Native(file(), { timeout: 0 });
    other.exec('BEGIN IMMEDIATE');
    expect(await codeOf(put(database, 'a'))).toBe('UNAVAILABLE');
    other.exec('COMMIT');
    other.close();
    await put(database, 'b');
    expect(await keys(database)).toEqual(['b']);
    await database.close();
  });

  it.each([
    ['BEGIN', /^BEGIN/],
    ['a write', /^INSERT/],
    ['a read', /^SELECT/],
    ['COMMIT', /^COMMIT/],
  ])('opens a dead connection again when %s meets it, and does the transaction once more', async (_, pattern) => {
    const database = await expoSqliteStorage(shim).open('account');
    await put(database, 'a');
    failOnce(pattern, 'Call to function NativeStatement.runAsync has been rejected: Access to closed resource');
    let runs = 0;
    await database.transaction('readwrite', ['outbox'], async (transaction) => {
      runs += 1;
      const count = (await transaction.range('outbox')).length;
      await transaction.put('outbox', `b${count}`, count);
    });
    expect(await keys(database)).toEqual(['a', 'b1']);
    expect(runs).toBe(/BEGIN/.test(pattern.source) ? 1 : 2);
    expect(shim.connections.size).toBe(1);
    await database.close();
  });

  it('tries a connection that dies again only once', async () => {
    const database = await expoSqliteStorage(shim).open('account');
    let attempts = 0;
    shim.fault = (sql) => {
      if (!sql.startsWith('INSERT')) return;
      attempts += 1;
      throw new Error('NullPointerException');
    };
    expect(await codeOf(put(database, 'a'))).toBe('UNAVAILABLE');
    expect(attempts).toBe(2);
    shim.fault = () => undefined;
    await put(database, 'b');
    expect(await keys(database)).toEqual(['b']);
    await database.close();
  });

  it('says that the disk is full, loses no row to it, and has room again once the caches are gone', async () => {
    const database = await expoSqliteStorage(shim).open('account');
    await put(database, 'typed');
    const write = (from: number, count: number) =>
      codeOf(
        database.transaction('readwrite', ['messages', 'outbox'], async (transaction) => {
          await transaction.put('outbox', 'with them', 1);
          for (let row = from; row < from + count; row += 1)
            await transaction.put('messages', `row ${row}`, 'x'.repeat(10_000));
        }),
      );
    pragma(`max_page_count = ${Number(pragma('page_count')) + 60}`);
    expect(await write(0, 100)).toBe('QUOTA');
    expect(await keys(database)).toEqual(['typed']);
    expect(await write(0, 10)).toBe('resolved');
    expect(await write(10, 20)).toBe('QUOTA');
    await database.transaction('readwrite', ['messages'], (transaction) => transaction.clear('messages'));
    expect(await write(10, 10)).toBe('resolved');
    expect(await keys(database)).toEqual(['typed', 'with them']);
    await database.close();
  });

  it('drops the caches at a new layout and never what the user made, forwards and backwards', async () => {
    for (const [layout, cached] of [
      [1, undefined],
      [2, undefined],
      [2, 1],
      [1, undefined],
    ] as const) {
      const database = await expoSqliteStorage(shim, { cacheLayout: layout }).open('account');
      const read = database.transaction('readonly', ['messages'], (transaction) => transaction.get('messages', 'a'));
      expect(await read).toBe(cached);
      await database.transaction('readwrite', ['messages'], (transaction) => transaction.put('messages', 'a', 1));
      await put(database, 'typed');
      expect(await keys(database)).toEqual(['typed']);
      await database.close();
    }
  });

  it('leaves nothing half done when the process is killed, and all that it had said was kept', async () => {
    for (let round = 0; round < 3; round += 1) {
      const script = fileURLToPath(new URL('sqlite-child.ts', import.meta.url));
      const loader = new URL('../../../scripts/typescript.mjs', import.meta.url).href;
      const child = spawn(process.execPath, ['--import', loader, script, shim.folder], {
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      const ended = new Promise((resolve) => child.once('exit', resolve));
      let output = '';
      await new Promise<void>((resolve) => {
        child.stdout.on('data', (chunk: Buffer) => {
          output += chunk.toString();
          if (output.split('\n').length > 10 + round * 7) resolve();
        });
      });
      child.kill('SIGKILL');
      await ended;
      const database = await expoSqliteStorage(shim).open('account');
      const [outbox, messages] = await database.transaction('readonly', ['outbox', 'messages'], async (transaction) => [
        await transaction.get('outbox', 'last'),
        await transaction.get('messages', 'last'),
      ]);
      expect(outbox).toBe(messages);
      expect(outbox).toBeGreaterThanOrEqual(Number(output.trimEnd().split('\n').at(-1)));
      await database.close();
    }
  });
});
