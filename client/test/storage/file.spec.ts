import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFile, mkdtemp, open, readdir, readFile, rm, stat, truncate, unlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { orderedKey, type Storage, type StoredValue } from '../../src/ports/storage.js';
import { fileStorage, type FileStorageOptions } from '../../src/storage/file.js';
import type { OpenFile } from '../../src/storage/journal.js';
import { codeOf, conformance } from './conformance.js';

describe('the storage adapter file', () => {
  let folder: string;
  let storage: Storage;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'parley-files-'));
    storage = fileStorage(folder);
  });

  afterEach(() => rm(folder, { recursive: true, force: true }));

  // oxlint-disable-next-line jest/expect-expect -- the cases throw
  it.each(conformance)('$title', ({ run }) => run(storage, 'account'));

  /** When a process began, as its lock says it. */
  async function startOf(pid: number): Promise<string | undefined> {
    const content = await readFile(`/proc/${pid}/stat`, 'utf8');
    return content.slice(content.lastIndexOf(')') + 2).split(' ')[19];
  }

  const path = (): string => join(folder, 'account.journal');

  async function put(rows: Record<string, StoredValue>, store: 'outbox' | 'messages' = 'outbox', from = storage) {
    const database = await from.open('account');
    await database.transaction('readwrite', [store], async (transaction) => {
      for (const [key, value] of Object.entries(rows)) await transaction.put(store, key, value);
    });
    await database.close();
  }

  async function all(store: 'outbox' | 'messages' = 'outbox', from = storage): Promise<Record<string, StoredValue>> {
    const database = await from.open('account');
    const rows = await database.transaction('readonly', [store], (transaction) => transaction.range(store));
    await database.close();
    return Object.fromEntries(rows.map(({ key, value }) => [key, value]));
  }

  it('forgets a transaction of which the end is missing, whole, and goes on before it', async () => {
    await put({ a: 1 });
    const whole = (await stat(path())).size;
    await put({ b: 2, c: 'a longer row that may be cut anywhere' });
    const longer = await readFile(path());
    for (const cut of [whole + 1, whole + 10, longer.length - 3, longer.length - 1]) {
      await writeFile(path(), longer);
      await truncate(path(), cut);
      expect(await all()).toEqual({ a: 1 });
      await put({ d: 4 });
      expect(await all()).toEqual({ a: 1, d: 4 });
    }
  });

  it('reads what the user made around a part that the disk has spoilt, and makes the caches anew', async () => {
    await put({ a: 1 });
    await put({ cached: true }, 'messages');
    await appendFile(path(), Buffer.from([0, 0xff, 0xfe, 0x0a, 0x2e, 0x0a]));
    await put({ b: 2 });
    expect(await all()).toEqual({ a: 1, b: 2 });
    expect(await all('messages')).toEqual({});
  });

  it('makes the caches anew at another layout and keeps what the user made, forwards and backwards', async () => {
    await put({ a: 1 });
    await put({ cached: true }, 'messages');
    const newer = fileStorage(folder, { cacheLayout: 99 });
    expect(await all('messages', newer)).toEqual({});
    expect(await all('outbox', newer)).toEqual({ a: 1 });
    await put({ cached: true }, 'messages', newer);
    expect(await all('messages')).toEqual({});
    expect(await all()).toEqual({ a: 1 });
  });

  it('does not grow with what was written, but with what is kept', async () => {
    const database = await storage.open('account');
    const text = 'x'.repeat(100_000);
    for (let round = 0; round < 200; round += 1)
      await database.transaction('readwrite', ['outbox'], (transaction) =>
        transaction.put('outbox', orderedKey('row', round % 3), { round, text }),
      );
    // 20 MB were written, 0.3 MB are kept.
    expect((await stat(path())).size).toBeLessThan(6_000_000);
    await database.close();
    expect(Object.values(await all()).map((row) => (row as { round: number }).round)).toEqual([198, 199, 197]);
    expect(await readdir(folder)).toEqual(['account.journal']);
  });

  it('leaves every row as it was where the disk is full, and takes rows again when it is not', async () => {
    let isFull = false;
    const openFile: NonNullable<FileStorageOptions['openFile']> = async (...parameters) => {
      const file: OpenFile = await open(...parameters);
      const write = file.write.bind(file);
      Object.assign(file, {
        write: async (...[bytes, offset, length, position]: Parameters<typeof write>) => {
          if (!isFull) return write(bytes, offset, length, position);
          await write(bytes, offset, Math.ceil(length / 2), position);
          throw Object.assign(new Error('no space left'), { code: 'ENOSPC' });
        },
      });
      return file;
    };
    const full = fileStorage(folder, { openFile });
    const database = await full.open('account');
    const write = (key: string) =>
      database.transaction('readwrite', ['outbox'], (transaction) => transaction.put('outbox', key, key));
    await write('a');
    isFull = true;
    expect(await codeOf(write('b'))).toBe('QUOTA');
    isFull = false;
    await write('c');
    await database.close();
    expect(await all()).toEqual({ a: 'a', c: 'c' });
  });

  it('goes on in another file where the handle has died, or the file was removed behind its back', async () => {
    const files: OpenFile[] = [];
    const openFile: NonNullable<FileStorageOptions['openFile']> = async (...parameters) => {
      const file = await open(...parameters);
      files.push(file);
      return file;
    };
    const database = await fileStorage(folder, { openFile }).open('account');
    const write = (key: string) =>
      database.transaction('readwrite', ['outbox'], (transaction) => transaction.put('outbox', key, key));
    await write('a');
    await files.at(-1)?.close();
    await write('b');
    await files.at(-1)?.close();
    await unlink(path());
    await write('c');
    // While it is open, too.
    await unlink(path());
    await write('d');
    await write('e');
    await database.close();
    expect(await all()).toEqual({ a: 'a', b: 'b', c: 'c', d: 'd', e: 'e' });
  });

  function child(): { lines: string[]; next: () => Promise<void>; end: () => Promise<void> } {
    const script = fileURLToPath(new URL('file-child.ts', import.meta.url));
    const loader = new URL('../../../scripts/typescript.mjs', import.meta.url).href;
    const started = spawn(process.execPath, ['--import', loader, script, folder, 'account'], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const lines: string[] = [];
    let rest = '';
    started.stdout.on('data', (chunk: Buffer) => {
      const parts = (rest + chunk.toString()).split('\n');
      rest = parts.pop() ?? '';
      lines.push(...parts);
    });
    return {
      lines,
      next: async () => void (await once(started.stdout, 'data')),
      end: async () => {
        const ended = once(started, 'exit');
        started.kill('SIGKILL');
        await ended;
      },
    };
  }

  it('has all that a process was sure of when it was killed, and nothing half done', async () => {
    for (let round = 0; round < 3; round += 1) {
      const writer = child();
      while (writer.lines.length < 10 + round * 7) await writer.next();
      // Another process must not write to the same file meanwhile.
      expect(await codeOf(storage.open('account'))).toBe('UNAVAILABLE');
      await writer.end();
      const numbers = Object.values(await all()).map((row) => (row as { number: number }).number);
      expect(numbers).toEqual(Array.from({ length: numbers.length }, (_, number) => number));
      expect(numbers.length).toBeGreaterThan(Number(writer.lines.at(-1)));
      await storage.destroy('account');
      expect(await readdir(folder)).toEqual([]);
    }
  });

  it('is removed once where several ask for that at once', async () => {
    await put({ a: 1 });
    await Promise.all([storage.destroy('account'), fileStorage(folder).destroy('account'), storage.destroy('account')]);
    expect(await readdir(folder)).toEqual([]);
  });

  it('is not removed while another process has it, whatever this one does at the same moment', async () => {
    await put({ a: 1 });
    await writeFile(`${path()}.lock`, `${process.ppid} ${await startOf(process.ppid)}`);
    const opening = codeOf(storage.open('account'));
    await new Promise((resolve) => setImmediate(resolve));
    const removing = codeOf(storage.destroy('account'));
    expect(await Promise.all([opening, removing])).toEqual(['UNAVAILABLE', 'UNAVAILABLE']);
    expect(await readdir(folder)).toEqual(['account.journal', 'account.journal.lock']);
    await unlink(`${path()}.lock`);
  });

  it('is not opened while a thread of this process has it, and is once that has ended', async () => {
    const script = fileURLToPath(new URL('file-child.ts', import.meta.url));
    const loader = new URL('../../../scripts/typescript.mjs', import.meta.url).href;
    const thread = new Worker(script, { argv: [folder, 'account'], execArgv: ['--import', loader], stdout: true });
    await once(thread.stdout, 'data');
    expect(await codeOf(storage.open('account'))).toBe('UNAVAILABLE');
    await thread.terminate();
    await put({ a: 1 });
    expect(await all()).toMatchObject({ a: 1 });
  });

  it.each([
    ['of a process that is gone', '99999999 1'],
    ['of one with the number of this process, as in a container that was started again', `${process.pid} 1`],
    ['of another process with the same number that began later', `${process.ppid} 1`],
  ])('is not kept away by the lock %s', async (_, holder) => {
    await writeFile(`${path()}.lock`, holder);
    await put({ a: 1 });
    expect(await readdir(folder)).toEqual(['account.journal']);
  });
});
