import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { emptyDataDirectory, migratedDataDirectory } from '../../support/data-directory.js';
import { ServerProcess } from '../../support/process.js';
import { Person, request, until } from '../../support/story.js';

/** Code that runs in the server's process before its own. */
const preload = (code: string): string => `--import=data:text/javascript,${encodeURIComponent(code)}`;

describe('the end of the process', () => {
  let directory: string;
  let server: ServerProcess | undefined;
  let postmaster: number | undefined;

  const start = async (nodeOptions = '', options = {}): Promise<ServerProcess> => {
    server = await ServerProcess.start({ DATA_DIR: directory, DATABASE_URL: '', NODE_OPTIONS: nodeOptions }, options);
    postmaster = Number(readFileSync(join(directory, 'postgres', 'postmaster.pid'), 'utf8').split('\n')[0]);
    return server;
  };
  const postgresHasEnded = (): Promise<void> =>
    until('PostgreSQL has ended', () => !existsSync(join(directory, 'postgres', 'postmaster.pid')));

  beforeEach(async () => {
    directory = await migratedDataDirectory('parley-end-');
  });
  afterEach(async () => {
    await server?.kill();
    server = undefined;
    try {
      if (postmaster !== undefined) process.kill(postmaster, 'SIGQUIT');
    } catch {
      // As it should be: it has ended.
    }
    postmaster = undefined;
    rmSync(directory, { recursive: true, force: true, maxRetries: 20 });
  });

  const faults: [string, string][] = [
    ['an error that nobody catches', `throw new Error('a bug')`],
    ['a rejection that nobody handles', `Promise.reject(new Error('a bug'))`],
  ];
  it.each(faults)('after %s is orderly, and its exit code says that it failed', async (_, fault) => {
    const running = await start(preload(`process.on('SIGUSR2', () => { ${fault}; });`));
    const [ada, bob] = [await Person.register(running.url, 'ada'), await Person.register(running.url, 'bob')];
    const conversationId = await ada.directConversation(bob);
    const device = await ada.device();
    const sent = Array.from({ length: 20 }, (_unused, index) =>
      device.ask('send_message', { conversationId, content: `${index}` }),
    );
    await sent[0];
    process.kill(running.pid, 'SIGUSR2');
    expect(await device.next('session:ended')).toEqual({ code: 'SERVER_SHUTDOWN', retry: true });
    expect(await running.exited()).toBe(1);
    await postgresHasEnded();
    const acknowledged = (await Promise.allSettled(sent)).flatMap((answer) =>
      answer.status === 'fulfilled' && answer.value.ok ? [answer.value.data.message.id] : [],
    );
    await start();
    const again = await request(server?.url ?? '', 'POST', '/auth/login', {
      email: ada.email,
      password: 'correct horse',
    });
    const { body } = await request(
      server?.url ?? '',
      'GET',
      `/conversations/${conversationId}/messages?limit=100`,
      undefined,
      again.body.accessToken,
    );
    expect(body.items.map(({ id }: { id: string }) => id)).toEqual(expect.arrayContaining(acknowledged));
    expect(acknowledged.length).toBeGreaterThan(0);
  });

  it('is orderly however many signals come, and of whatever kind', async () => {
    const running = await start();
    for (const signal of ['SIGTERM', 'SIGTERM', 'SIGINT', 'SIGHUP', 'SIGTERM'] as const) {
      // To one that has ended by then, which is as good, none is sent.
      running.signal(signal);
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    expect(await running.exited()).toBe(0);
    await postgresHasEnded();
  });

  it('is orderly when the terminal is closed', async () => {
    const running = await start('', { detached: true });
    running.closeOutput();
    process.kill(-running.pid, 'SIGHUP');
    expect(await running.exited()).toBe(0);
    await postgresHasEnded();
  });

  it('is orderly when a terminal sends SIGINT to the whole process group', async () => {
    const running = await start('', { detached: true });
    process.kill(-running.pid, 'SIGINT');
    expect(await running.exited()).toBe(0);
    await postgresHasEnded();
  });

  it('ends PostgreSQL also where the process exits without a stop', async () => {
    const running = await start(preload(`process.on('SIGUSR2', () => process.exit(3));`));
    process.kill(running.pid, 'SIGUSR2');
    expect(await running.exited()).toBe(3);
    await postgresHasEnded();
  });

  it('during the start leaves no PostgreSQL behind', async () => {
    rmSync(directory, { recursive: true });
    directory = emptyDataDirectory('parley-end-');
    for (const pause of [50, 400, 800]) {
      const child = spawn(process.execPath, ['dist/main.js'], {
        env: { ...process.env, NODE_OPTIONS: '', PORT: '0', DATA_DIR: directory, DATABASE_URL: '', JWT_SECRET: '' },
        stdio: 'ignore',
      });
      const ended = once(child, 'exit');
      await until('it begins', () => existsSync(directory) && existsSync(join(directory, 'jwt-secret')));
      await new Promise((resolve) => setTimeout(resolve, pause));
      child.kill('SIGTERM');
      const [code] = await ended;
      // Asked before Node had run its first line, it dies of the signal as any program does.
      expect([0, null]).toContain(code);
      await postgresHasEnded();
    }
  });

  it('does not come because nobody reads its output any more', async () => {
    const running = await start('', {});
    running.closeOutput();
    const wrong = await request(running.url, 'POST', '/auth/login', { email: 'nobody', password: 'wrong' });
    expect(wrong.status).toBeGreaterThanOrEqual(400);
    expect((await request(running.url, 'GET', '/health/ready')).status).toBe(200);
    expect(await running.stop()).toBe(0);
  });
});
