import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { execFileSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import pg from 'pg';
import { migratedDataDirectory } from '../../support/processes/data-directory.js';
import { freePort } from '../../support/servers/free-port.js';
import { ServerProcess } from '../../support/processes/process.js';
import { type Anything, Device, Person, request, until } from '../../support/story.js';

/**
 * What is killed in each round. Of the database: its postmaster alone, one of the processes that it started, or all of them,
 * so that none finishes what it does.
 */
const VICTIMS = ['postmaster', 'server', 'backend', 'server and database', 'database'] as const;
const AT_ONCE = 8;
/** Acknowledged messages that a round waits for, of each sender, before it kills. */
const FLOW = 60;

/** The database, or the server with it, is up again, on a machine that may have other things to do. */
const RECOVERY_MS = 120_000;

/** What a sending client keeps of a message until, and after, it is acknowledged. */
interface Outgoing {
  readonly conversationId: string;
  readonly clientId: string;
  readonly content: string;
  stored?: Anything;
}

/** A client that sends as fast as it is acknowledged, and resends what was not when it is back. */
class Sender {
  readonly outgoing: Outgoing[] = [];
  private readonly unacknowledged = new Set<Outgoing>();
  private device: Device | undefined;
  private loops: Promise<void>[] = [];
  private isSending = false;

  constructor(
    readonly person: Person,
    private readonly conversationIds: readonly string[],
  ) {}

  get acknowledged(): number {
    return this.outgoing.length - this.unacknowledged.size;
  }

  async start(url: string): Promise<void> {
    this.device = new Device(url, { token: this.person.accessToken });
    await this.device.next('session:ready');
    this.isSending = true;
    const resend = [...this.unacknowledged];
    this.loops = Array.from({ length: AT_ONCE }, async (_, loop) => {
      while (this.isSending && this.device?.socket.connected) {
        const message = resend.pop() ?? this.compose(loop);
        await this.send(message);
      }
    });
  }

  async stop(): Promise<void> {
    this.isSending = false;
    this.device?.socket.close();
    await Promise.all(this.loops);
  }

  /** Sends what is still unacknowledged until it is. */
  async finish(): Promise<void> {
    for (const message of this.unacknowledged) {
      const { conversationId, clientId, content } = message;
      message.stored = await this.person.send(conversationId, content, { clientId });
    }
    this.unacknowledged.clear();
  }

  /** Everything once more, one after the other, with other words. */
  async resendAll(url: string): Promise<void> {
    const device = new Device(url, { token: this.person.accessToken });
    await device.next('session:ready');
    for (const { conversationId, clientId, stored } of this.outgoing) {
      const { message } = await device.must('send_message', { conversationId, clientId, content: 'other words' });
      expect(message).toEqual(stored);
    }
    device.socket.close();
  }

  private compose(loop: number): Outgoing {
    const conversationId = this.conversationIds[loop % this.conversationIds.length] as string;
    const message = { conversationId, clientId: randomUUID(), content: `${this.outgoing.length}` };
    this.outgoing.push(message);
    this.unacknowledged.add(message);
    return message;
  }

  private async send(message: Outgoing): Promise<void> {
    const { device } = this;
    if (device === undefined) return;
    const { conversationId, clientId, content } = message;
    // No acknowledgement comes over a connection that is gone.
    const gone = new Promise<undefined>((resolve) => device.socket.once('disconnect', () => resolve(undefined)));
    const asked = device.ask('send_message', { conversationId, clientId, content }).catch(() => undefined);
    const answer = await Promise.race([asked, gone]);
    if (answer?.ok !== true) return;
    // Acknowledged a second time it is the same message.
    if (message.stored !== undefined) expect(answer.data.message).toEqual(message.stored);
    message.stored = answer.data.message;
    this.unacknowledged.delete(message);
  }
}

describe('kill -9', () => {
  let directory: string;
  let port: string;
  let server: ServerProcess;
  const start = (): Promise<ServerProcess> =>
    ServerProcess.start({ DATA_DIR: directory, DATABASE_URL: '', PORT: port, RATE_LIMITS: 'off' });
  const postmaster = (): number =>
    Number(readFileSync(join(directory, 'postgres', 'postmaster.pid'), 'utf8').split('\n')[0]);

  /** A process of PostgreSQL that works for the server. */
  const backend = async (): Promise<number> => {
    const password = readFileSync(join(directory, 'postgres-password'), 'utf8').trim();
    const [, , , portOfPostgres] = readFileSync(join(directory, 'postgres', 'postmaster.pid'), 'utf8').split('\n');
    const client = new pg.Client(`postgresql://postgres:${password}@127.0.0.1:${portOfPostgres}/parley`);
    client.on('error', () => undefined);
    await client.connect();
    const { rows } = await client.query<{ pid: number }>(
      `SELECT pid FROM pg_stat_activity WHERE application_name = 'parley' ORDER BY state_change DESC LIMIT 1`,
    );
    await client.end();
    return rows[0]?.pid ?? 0;
  };

  beforeAll(async () => {
    directory = await migratedDataDirectory('parley-crash-');
    port = `${await freePort()}`;
    server = await start();
  });
  afterAll(async () => {
    await server.stop();
    rmSync(directory, { recursive: true, force: true });
  });

  it('under load, again and again, leaves every acknowledged message stored once, as it was acknowledged', async () => {
    const { url } = server;
    const [ada, bob] = [await Person.register(url, 'ada'), await Person.register(url, 'bob')];
    const conversationIds = [await ada.directConversation(bob), await ada.group('Group', bob)];
    const senders = [ada, bob].map((person) => new Sender(person, conversationIds));

    for (const victim of VICTIMS) {
      await Promise.all(senders.map((sender) => sender.start(url)));
      const before = senders.map(({ acknowledged }) => acknowledged);
      const flow = (of: string): Promise<void> =>
        until(
          `messages flow ${of}`,
          () => senders.every(({ acknowledged }, index) => acknowledged > (before[index] ?? 0) + FLOW),
          RECOVERY_MS,
        );
      await flow(`before the ${victim} dies`);
      if (victim === 'postmaster') process.kill(postmaster(), 'SIGKILL');
      else if (victim === 'backend') process.kill(await backend(), 'SIGKILL');
      else if (victim !== 'server') killWithChildren(postmaster());
      const serverDies = victim === 'server' || victim === 'server and database';
      if (serverDies) await server.kill();
      else {
        // The server stays, and so do its connections: it waits for the database, and everything is stored.
        for (const [index, { acknowledged }] of senders.entries()) before[index] = acknowledged;
        await flow(`again after the ${victim} died`);
      }
      await Promise.all(senders.map((sender) => sender.stop()));
      if (serverDies) server = await start();
    }
    for (const sender of senders) await sender.finish();

    const listener = new Device(url, { token: bob.accessToken });
    await listener.next('session:ready');
    const outgoing = senders.flatMap((sender) => sender.outgoing);
    const lastSeqs: number[] = [];
    for (const conversationId of conversationIds) {
      const stored = new Map<string, Anything>();
      let lastSeq = 0;
      for (let hasAfter = true; hasAfter; ) {
        const page = await bob.must('GET', `/conversations/${conversationId}/messages?limit=100&after=${lastSeq}`);
        for (const message of page.items) {
          expect(message.seq).toBe(lastSeq + 1);
          lastSeq = message.seq;
          if (message.kind === 'TEXT') {
            expect(stored.has(message.clientId)).toBe(false);
            stored.set(message.clientId, message);
          }
        }
        hasAfter = page.hasAfter;
      }
      const sent = outgoing.filter((message) => message.conversationId === conversationId);
      for (const { clientId, content, stored: acknowledged } of sent) {
        expect(stored.get(clientId)).toEqual(acknowledged);
        expect(acknowledged.content).toBe(content);
      }
      expect(stored.size).toBe(sent.length);
      lastSeqs.push(lastSeq);
    }

    const received = listener.all('message:new').length;
    await Promise.all(senders.map((sender) => sender.resendAll(url)));
    const marker = await ada.send(conversationIds[0] as string, 'marker');
    // Sent once more, none was stored once more, nor emitted.
    expect(marker.seq).toBe((lastSeqs[0] ?? 0) + 1);
    await listener.next('message:new', ({ message }) => message.id === marker.id);
    expect(listener.all('message:new').length - received).toBe(1);
    listener.socket.close();
  }, 600_000);

  it('leaves nobody online, and knows when they were last seen', async () => {
    const [ada, bob] = [await Person.register(server.url, 'ada'), await Person.register(server.url, 'bob')];
    await ada.befriend(bob);
    const before = Date.now();
    const device = await ada.device();
    await until('she is seen', async () => (await bob.must('GET', `/users/${ada.id}`)).isOnline === true);
    await server.kill();
    device.socket.close();
    server = await start();
    await until('she is gone', async () => (await bob.must('GET', `/users/${ada.id}`)).isOnline === false);
    expect(Date.parse((await bob.must('GET', `/users/${ada.id}`)).lastSeenAt)).toBeGreaterThanOrEqual(before - 1_000);
  });

  it('finishes what it accepted when it is asked to end, says so to its clients, and exits 0', async () => {
    const [ada, bob] = [await Person.register(server.url, 'ada'), await Person.register(server.url, 'bob')];
    const conversationId = await ada.directConversation(bob);
    const device = await ada.device();
    const sent = Array.from({ length: 50 }, (_, index) =>
      device.ask('send_message', { conversationId, content: `${index}` }),
    );
    await sent[0];
    expect(await server.stop()).toBe(0);
    const answers = await Promise.allSettled(sent);
    expect(await device.next('session:ended')).toEqual({ code: 'SERVER_SHUTDOWN', retry: true });
    server = await start();
    const history = new Set((await bob.history(conversationId)).map(({ id }) => id));
    for (const answer of answers) {
      if (answer.status === 'fulfilled' && answer.value.ok) expect(history).toContain(answer.value.data.message.id);
    }
    expect((await request(server.url, 'GET', '/health/ready')).status).toBe(200);
  });
});

/** At once, so that none finishes what it does. */
function killWithChildren(postmaster: number): void {
  const children = execFileSync('ps', ['-o', 'pid=', '--ppid', String(postmaster)])
    .toString()
    .trim()
    .split(/\s+/)
    .map(Number);
  for (const pid of [postmaster, ...children]) {
    try {
      process.kill(pid, 'SIGKILL');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
    }
  }
}
