import { EventEmitter } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { createTestDatabase, type TestDatabase } from '../support/databases/postgres.js';
import { ServerProcess } from '../support/processes/process.js';
import { until } from '../support/story.js';
import { LineProcess } from './line-process.js';

// Each of these starts several processes.
jest.setTimeout(600_000);

const CHAT: string = '../../examples/node-chat/chat.mjs';

describe('the example node-chat', () => {
  let database: TestDatabase;
  let server: ServerProcess;
  let folder: string;
  const chats: LineProcess[] = [];

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'parley-chat-'));
    database = await createTestDatabase();
    server = await ServerProcess.start({ DATABASE_URL: database.url });
  });

  afterAll(async () => {
    await Promise.all([...chats.map((chat) => chat.kill()), server.kill()]);
    await database.drop();
    await rm(folder, { recursive: true, force: true });
  });

  function start(username: string, password = 'correct horse', ownFolder = folder): LineProcess {
    const process = new LineProcess(['examples/node-chat/chat.mjs', username, server.url], {
      PARLEY_PASSWORD: password,
      PARLEY_CHAT_FOLDER: ownFolder,
    });
    chats.push(process);
    return process;
  }

  async function chat(username: string): Promise<LineProcess> {
    const process = start(username);
    await process.line(`* connected as ${username}`);
    return process;
  }

  it('makes friends, chats, loses the server and misses nothing', async () => {
    const ada = await chat('ada');
    const grace = await chat('grace');

    ada.type('/add grace');
    await grace.line('* ada asks to be your friend');
    grace.type('/accept');
    await ada.line('* grace is your friend');
    ada.type('/friends');
    await ada.line('* grace is online');

    ada.type('/chat grace');
    await ada.line('--- grace ---');
    ada.type('hello, grace');
    await ada.line('you: hello, grace');
    await grace.line('* 1 unread from ada');
    grace.type('/chat ada');
    await grace.line('* ada: hello, grace');
    grace.type('hello, ada');
    await ada.line('grace: hello, ada');

    // Sent into a server that is killed in the same moment: stored or not, it must arrive.
    ada.type('typed at the last moment');
    await server.kill();
    await ada.line('* connection lost');
    ada.type('typed while it was gone');
    server = await ServerProcess.start({ DATABASE_URL: database.url, PORT: new URL(server.url).port });
    await grace.line('ada: typed while it was gone');
    grace.type('all here');
    await ada.line('grace: all here');
    for (const line of ['typed at the last moment', 'typed while it was gone']) {
      expect([line, ada.count(`you: ${line}`), grace.count(`ada: ${line}`)]).toEqual([line, 1, 1]);
    }

    // What was read is history to whoever comes back.
    await grace.kill();
    const again = await chat('grace');
    again.type('/chat ada');
    await again.line('you: all here');
    expect(again.lines.slice(again.lines.indexOf('--- ada ---') + 1)).toEqual([
      'ada: hello, grace',
      'you: hello, ada',
      'ada: typed at the last moment',
      'ada: typed while it was gone',
      'you: all here',
    ]);
  });

  it('shows a message that comes behind one of its own which has a higher number', async () => {
    const quiet = { subscribe: () => () => undefined, items: [] };
    const grace = { id: 'grace', username: 'grace' };
    const messageOf = (seq: number, senderId: string) => ({ seq, senderId, content: `${seq} of ${senderId}` });
    const view = { items: [messageOf(3, 'grace')], isLoading: false };
    let change = (): void => undefined;
    const messages = {
      getSnapshot: () => view,
      subscribe: (listener: () => void) => {
        change = listener;
        return () => undefined;
      },
    };
    const client = {
      userId: 'ada',
      login: async () => undefined,
      connection: { ...quiet, getSnapshot: () => ({ status: 'live' }) },
      friends: { ...quiet, requests: quiet },
      outbox: quiet,
      conversations: { ...quiet, openDirect: async () => ({ id: 'c', me: { lastReadSeq: 3 }, lastSeq: 3 }) },
      users: { search: async () => ({ items: [grace] }), get: () => ({ getSnapshot: () => grace }) },
      messages: () => messages,
      markRead: async () => undefined,
    };
    const terminal = new EventEmitter();
    const lines: string[] = [];
    const log = jest.spyOn(console, 'log').mockImplementation((line: string) => void lines.push(line));
    const { argv } = process;
    process.argv = ['node', 'chat.mjs', 'ada', 'http://localhost', 'correct horse'];
    jest.unstable_mockModule('@parley/client', () => ({ createClient: () => client }));
    jest.unstable_mockModule('node:readline/promises', () => ({ createInterface: () => terminal }));
    try {
      await import(CHAT);
      terminal.emit('line', '/chat grace');
      await until('the conversation is open', () => lines.includes('grace: 3 of grace'));
      for (const seqs of [
        [3, 5],
        [3, 4, 5],
        [1, 2, 3, 4, 5, 6],
      ]) {
        view.items = seqs.map((seq) => messageOf(seq, seq === 5 ? 'ada' : 'grace'));
        change();
      }
    } finally {
      process.argv = argv;
      log.mockRestore();
    }
    expect(lines.slice(lines.indexOf('--- grace ---') + 1)).toEqual([
      'grace: 3 of grace',
      'you: 5 of ada',
      'grace: 4 of grace',
      'grace: 6 of grace',
    ]);
  });

  it('says of a wrong password that it is wrong, and of one that is too short that it is', async () => {
    const charles = await chat('charles');
    const [wrong, short] = [start('charles', 'battery staple'), start('someone-new', 'short')];
    await wrong.line('! The credentials are wrong.');
    await short.line('! password must be');
    expect([await wrong.exit(), await short.exit()]).not.toContain(0);
    await charles.kill();
  });

  it('says which process uses the files of the same user already', async () => {
    const alan = await chat('alan');
    const second = start('alan');
    await second.line(' already.');
    expect(await second.exit()).not.toBe(0);
    await alan.kill();
  });

  it('keeps what was typed right before its end, and sends it when it is started again', async () => {
    const lise = await chat('lise');
    const otto = await chat('otto');
    otto.type('/chat lise');
    await otto.line('--- lise ---');
    otto.type('the last word\n/quit');
    await otto.line('bye');
    expect(await otto.exit()).toBe(0);
    await chat('otto');
    await lise.line('unread from otto');
    lise.type('/chat otto');
    await lise.line('otto: the last word');
  });

  it('does what another program has written to it before the log-in, line by line, and ends', async () => {
    const emmy = await chat('emmy');
    const other = start('kurt', 'correct horse', join(folder, 'piped'));
    for (const line of ['/chat emmy', 'hello, emmy', 'and good-bye']) other.type(line);
    other.end();
    expect(await other.exit()).toBe(0);
    expect(other.lines).toContain('--- emmy ---');
    expect(other.lines.at(-1)).toBe('bye');
    await emmy.line('unread from kurt');
    emmy.type('/chat kurt');
    await emmy.line('kurt: hello, emmy');
    await emmy.line('kurt: and good-bye');
  });
});
