import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { emptyDataDirectory, migratedDataDirectory } from '../../support/processes/data-directory.js';
import { ServerProcess } from '../../support/processes/process.js';
import { Person, request, until, untilEnding } from '../../support/story.js';

/** What each of these signals does in the server's process, by code that runs there before its own. */
const FAULTS = {
  SIGUSR2: `throw new Error('a bug')`,
  SIGWINCH: `Promise.reject(new Error('a bug'))`,
  SIGCONT: `process.exit(3)`,
} as const;
const PRELOAD = Object.entries(FAULTS)
  .map(([signal, fault]) => `process.on('${signal}', () => { ${fault}; });`)
  .join('\n');

describe('the end of the process', () => {
  let directory: string;
  let server: ServerProcess | undefined;
  let postmaster: number | undefined;

  /** The server that the test before started to see what was left, or another one on the same data. */
  const running = async (): Promise<ServerProcess> => {
    if (server?.isRunning === true) return server;
    server = await ServerProcess.start(
      {
        DATA_DIR: directory,
        DATABASE_URL: '',
        NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(PRELOAD)}`,
      },
      // As in a terminal.
      { detached: true },
    );
    postmaster = Number(readFileSync(join(directory, 'postgres', 'postmaster.pid'), 'utf8').split('\n')[0]);
    return server;
  };
  const postgresHasEnded = (home = directory): Promise<void> =>
    until('PostgreSQL has ended', () => !existsSync(join(home, 'postgres', 'postmaster.pid')));

  beforeAll(async () => {
    directory = await migratedDataDirectory('parley-end-');
  });
  afterAll(async () => {
    await server?.kill();
    try {
      if (postmaster !== undefined) process.kill(postmaster, 'SIGQUIT');
    } catch {
      // As it should be: it has ended.
    }
    rmSync(directory, { recursive: true, force: true, maxRetries: 20 });
  });

  const faults: [string, keyof typeof FAULTS][] = [
    ['an error that nobody catches', 'SIGUSR2'],
    ['a rejection that nobody handles', 'SIGWINCH'],
  ];
  it.each(faults)('after %s is orderly, and its exit code says that it failed', async (_, fault) => {
    const failing = await running();
    const [ada, bob] = [await Person.register(failing.url, 'ada'), await Person.register(failing.url, 'bob')];
    const conversationId = await ada.directConversation(bob);
    const device = await ada.device();
    const sent = Array.from({ length: 20 }, (_unused, index) =>
      device.ask('send_message', { conversationId, content: `${index}` }),
    );
    await sent[0];
    failing.signal(fault);
    expect(await device.next('session:ended')).toEqual({ code: 'SERVER_SHUTDOWN', retry: true });
    expect(await failing.exited()).toBe(1);
    await postgresHasEnded();
    const acknowledged = (await Promise.allSettled(sent)).flatMap((answer) =>
      answer.status === 'fulfilled' && answer.value.ok ? [answer.value.data.message.id] : [],
    );
    const again = await Person.login((await running()).url, ada.username);
    const stored = (await again.history(conversationId)).map(({ id }) => id);
    expect(stored).toEqual(expect.arrayContaining(acknowledged));
    expect(acknowledged.length).toBeGreaterThan(0);
  });

  it.each([1, 2])(
    'does not wait for its clients any more after an error while it sends them away (processes: %d)',
    async (workers) => {
      const home = await migratedDataDirectory('parley-end-');
      const ending = await ServerProcess.start({
        DATA_DIR: home,
        DATABASE_URL: '',
        WORKERS: `${workers}`,
        // Longer than the test waits for the end.
        DRAIN_SECONDS: '3600',
        NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(PRELOAD)}`,
      });
      try {
        const device = await (await Person.register(ending.url, 'ada')).device();
        ending.signal('SIGTERM');
        await untilEnding(ending.url);
        expect(device.socket.connected).toBe(true);
        ending.signal('SIGUSR2');
        await device.next('session:ended', ({ code }) => code === 'SERVER_SHUTDOWN');
        expect(await ending.exited()).toBe(1);
        await postgresHasEnded(home);
      } finally {
        await ending.kill();
        rmSync(home, { recursive: true, force: true, maxRetries: 20 });
      }
    },
  );

  it('is orderly however many signals come, and of whatever kind', async () => {
    const ending = await running();
    for (const signal of ['SIGTERM', 'SIGTERM', 'SIGINT', 'SIGHUP', 'SIGTERM'] as const) {
      // To one that has ended by then, which is as good, none is sent.
      ending.signal(signal);
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    expect(await ending.exited()).toBe(0);
    await postgresHasEnded();
  });

  it('is orderly also where accepted work and a request never finish', async () => {
    // Accepts connections and says nothing.
    const mailServer = createServer().listen(0, '127.0.0.1');
    await once(mailServer, 'listening');
    const home = await migratedDataDirectory('parley-end-');
    const logFile = join(home, 'log');
    const ending = await ServerProcess.start(
      {
        DATA_DIR: home,
        DATABASE_URL: '',
        LOG_LEVEL: 'info',
        SMTP_URL: `smtp://127.0.0.1:${(mailServer.address() as AddressInfo).port}`,
        MAIL_FROM: 'parley@example.com',
      },
      { logFile },
    );
    const connections = new Set<Socket>();
    const mailed = new Promise<void>((resolve) =>
      mailServer.on('connection', (socket) => {
        connections.add(socket.on('error', () => undefined));
        resolve();
      }),
    );
    const hanging = connect(Number(new URL(ending.url).port), '127.0.0.1').on('error', () => undefined);
    try {
      const email = 'ada@example.com';
      await request(ending.url, 'POST', '/auth/register', { email, username: 'ada', password: 'correct horse' });
      await mailed;
      const headers = [
        'Host: localhost',
        'Content-Type: application/json',
        'Content-Length: 99',
        'Expect: 100-continue',
      ];
      hanging.write(`POST /auth/login HTTP/1.1\r\n${headers.join('\r\n')}\r\n\r\n`);
      expect(String((await once(hanging, 'data'))[0])).toMatch(/^HTTP\/1\.1 100 /);
      expect(await ending.stop()).toBe(0);
      await until('it has said that it ended', () => readFileSync(logFile, 'utf8').includes('ended'));
    } finally {
      await ending.kill();
      hanging.destroy();
      for (const socket of connections) socket.destroy();
      mailServer.close();
      rmSync(home, { recursive: true, force: true, maxRetries: 20 });
    }
  });

  it('is orderly when the terminal is closed, and does not come because nobody reads its output any more', async () => {
    const ending = await running();
    ending.closeOutput();
    const wrong = await request(ending.url, 'POST', '/auth/login', { email: 'nobody', password: 'wrong' });
    expect(wrong.status).toBeGreaterThanOrEqual(400);
    expect((await request(ending.url, 'GET', '/health/ready')).status).toBe(200);
    process.kill(-ending.pid, 'SIGHUP');
    expect(await ending.exited()).toBe(0);
    await postgresHasEnded();
  });

  it('is orderly when a terminal sends SIGINT to the whole process group', async () => {
    const ending = await running();
    process.kill(-ending.pid, 'SIGINT');
    expect(await ending.exited()).toBe(0);
    await postgresHasEnded();
  });

  it('ends PostgreSQL also where the process exits without a stop', async () => {
    const ending = await running();
    ending.signal('SIGCONT');
    expect(await ending.exited()).toBe(3);
    await postgresHasEnded();
  });

  it('during the start leaves no PostgreSQL behind', async () => {
    const home = emptyDataDirectory('parley-end-');
    for (const pause of [50, 400, 800]) {
      const child = spawn(process.execPath, ['dist/main.js'], {
        env: { ...process.env, NODE_OPTIONS: '', PORT: '0', DATA_DIR: home, DATABASE_URL: '', JWT_SECRET: '' },
        stdio: 'ignore',
      });
      const ended = once(child, 'exit');
      await until('it begins', () => existsSync(join(home, 'jwt-secret')));
      await new Promise((resolve) => setTimeout(resolve, pause));
      child.kill('SIGTERM');
      const [code] = await ended;
      // Asked before Node had run its first line, it dies of the signal as any program does.
      expect([0, null]).toContain(code);
      await postgresHasEnded(home);
    }
    rmSync(home, { recursive: true, force: true, maxRetries: 20 });
  });
});
