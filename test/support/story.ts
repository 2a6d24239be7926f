import type { NestExpressApplication } from '@nestjs/platform-express';
import { NestFactory } from '@nestjs/core';
import type { AddressInfo } from 'node:net';
import { randomUUID } from 'node:crypto';
import { io, type Socket } from 'socket.io-client';
import { AppModule } from '../../src/app.module.js';
import { configureApp } from '../../src/app.setup.js';
import { Passwords } from '../../src/auth/accounts/passwords.js';
import { Configuration } from '../../src/config/configuration.js';
import type { ServerRole } from '../../src/common/access/server-role.js';
import { HttpAdapter } from '../../src/http/engine/http-adapter.js';
import { Database } from '../../src/database/database.js';
import { ended, WAIT_TIMEOUT_MS } from './bounded.js';
import { createTestDatabase } from './databases/postgres.js';

export interface Story {
  readonly url: string;
  readonly app: NestExpressApplication;
  readonly databaseUrl: string;
  /** A new user, logged in. */
  person(name?: string): Promise<Person>;
  /** Gives somebody a role of the server. */
  grant(person: Person, role: ServerRole): Promise<void>;
  close(): Promise<void>;
}

/** The whole application on a database of its own, or on one that another story runs on. */
export async function startStory(
  overrides: Partial<Configuration> = {},
  environment: Record<string, string> = {},
): Promise<Story> {
  const database = overrides.databaseUrl === undefined ? await createTestDatabase() : undefined;
  const databaseUrl = overrides.databaseUrl ?? database?.url ?? '';
  const configuration = new Configuration({
    ...Configuration.fromEnvironment({
      DATABASE_URL: databaseUrl,
      JWT_SECRET: 'a secret that is long enough for every test',
      LOG_LEVEL: 'fatal',
      ...environment,
    }),
    port: 0,
    ...overrides,
    databaseUrl,
  });
  const app = await NestFactory.create<NestExpressApplication>(AppModule.with(configuration), new HttpAdapter(), {
    bodyParser: false,
    abortOnError: false,
    logger: ['fatal'],
  });
  configureApp(app);
  // Every person is registered, and few tests are about what that costs.
  app.get(Passwords).cost = { memoryCost: 8, timeCost: 1, parallelism: 1 };
  await app.listen(0, '127.0.0.1');
  const url = `http://127.0.0.1:${(app.getHttpServer().address() as AddressInfo).port}`;
  const people: Person[] = [];
  return {
    url,
    app,
    databaseUrl,
    person: async (name = 'user') => {
      const person = await Person.register(url, name);
      people.push(person);
      return person;
    },
    grant: async (person, role) => {
      await app.get(Database).query('UPDATE users SET role = $2::user_role WHERE id = $1', [person.id, role]);
    },
    close: async () => {
      for (const person of people) person.disconnect();
      // An answer that a test never reads would be waited for without end.
      const server = app.getHttpServer();
      const all = setTimeout(() => server.closeAllConnections(), 5_000);
      try {
        await ended('the application', app.close());
      } finally {
        clearTimeout(all);
        await database?.drop();
      }
    },
  };
}

/** Sees all that passes between stories and servers, to hold it against something. */
export interface Observer {
  answered?(call: { method: string; path: string; body: unknown }, answer: Answer<Anything>): void;
  received?(event: string, payload: unknown): void;
  acknowledged?(event: string, payload: unknown, acknowledgement: unknown): void;
}

export const observers = new Set<Observer>();

export interface Answer<Body = Record<string, unknown>> {
  status: number;
  headers: Headers;
  body: Body;
}

// What a server answers is only known to the test that asked.
// oxlint-disable-next-line typescript/no-explicit-any
export type Anything = any;

export async function request(
  url: string,
  method: string,
  path: string,
  body?: unknown,
  token?: string,
): Promise<Answer<Anything>> {
  const response = await fetch(url + path, {
    method,
    headers: {
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  let parsed: unknown = text;
  try {
    parsed = JSON.parse(text);
  } catch {
    // Not every answer is JSON.
  }
  const answer = { status: response.status, headers: response.headers, body: parsed };
  for (const observer of observers) observer.answered?.({ method, path, body }, answer);
  return answer;
}

/** A user of the server and its devices. */
export class Person {
  private readonly devices: Device[] = [];

  private constructor(
    readonly url: string,
    readonly id: string,
    readonly username: string,
    readonly email: string,
    public accessToken: string,
    public refreshToken: string,
  ) {}

  static async register(url: string, name: string): Promise<Person> {
    const username = `${name}_${randomUUID().slice(0, 8)}`;
    const email = `${username}@example.com`;
    const register = (): Promise<Answer<Anything>> =>
      request(url, 'POST', '/auth/register', { email, username, password: 'correct horse' });
    let { status, body } = await register();
    // A crowd that comes from one address at once is asked to wait: passwords take their time.
    for (let attempt = 0; body.code === 'OVERLOADED' && attempt < 30; attempt += 1) {
      await new Promise((resolve) => setTimeout(resolve, body.retryAfterMs));
      ({ status, body } = await register());
    }
    if (status !== 201) throw new Error(`registering answered ${status}: ${JSON.stringify(body)}`);
    return new Person(url, body.user.id, username, email, body.accessToken, body.refreshToken);
  }

  /** Somebody who has an account already. */
  static async login(url: string, username: string): Promise<Person> {
    const { status, body } = await request(url, 'POST', '/auth/login', { username, password: 'correct horse' });
    if (status !== 200) throw new Error(`logging in answered ${status}: ${JSON.stringify(body)}`);
    const me = await request(url, 'GET', '/users/me', undefined, body.accessToken);
    return new Person(url, me.body.id, username, me.body.email, body.accessToken, body.refreshToken);
  }

  call(method: string, path: string, body?: unknown): Promise<Answer<Anything>> {
    return request(this.url, method, path, body, this.accessToken);
  }

  /** Calls, and expects success. */
  async must(method: string, path: string, body?: unknown): Promise<Anything> {
    const answer = await this.call(method, path, body);
    if (answer.status >= 300)
      throw new Error(`${method} ${path} answered ${answer.status}: ${JSON.stringify(answer.body)}`);
    return answer.body;
  }

  /** Another connection, ready. */
  async device(options: Record<string, unknown> = {}): Promise<Device> {
    const device = new Device(this.url, { token: this.accessToken, ...options });
    this.devices.push(device);
    await device.next('session:ready');
    return device;
  }

  /** Ends every connection. */
  disconnect(): void {
    for (const device of this.devices) device.socket.close();
  }

  async befriend(other: Person): Promise<string> {
    const { id } = await this.must('POST', '/friends/requests', { userId: other.id });
    return (await other.must('POST', `/friends/requests/${id}/accept`)).conversation.id;
  }

  async directConversation(other: Person): Promise<string> {
    return (await this.must('POST', '/conversations', { userId: other.id })).id;
  }

  async group(title: string, ...others: Person[]): Promise<string> {
    return (await this.must('POST', '/conversations', { type: 'GROUP', title, memberIds: others.map(({ id }) => id) }))
      .id;
  }

  async send(conversationId: string, content: string, more: Record<string, unknown> = {}): Promise<Anything> {
    return this.must('POST', `/conversations/${conversationId}/messages`, { content, ...more });
  }

  /** Uploads a file, whatever comes of it. */
  async upload(bytes: Uint8Array, name = 'file.bin', type = 'application/octet-stream'): Promise<Answer<Anything>> {
    const form = new FormData();
    form.append('file', new Blob([new Uint8Array(bytes)], { type }), name);
    const response = await fetch(`${this.url}/attachments`, {
      method: 'POST',
      headers: { authorization: `Bearer ${this.accessToken}` },
      body: form,
    });
    return { status: response.status, headers: response.headers, body: await response.json() };
  }

  /** Uploads, and expects success. */
  async mustUpload(bytes: Uint8Array, name?: string, type?: string): Promise<Anything> {
    let answer = await this.upload(bytes, name, type);
    // On a busy machine no worker may look at a file in time: it is sent again, as every client does.
    for (const deadline = Date.now() + WAIT_TIMEOUT_MS; answer.status === 503 && Date.now() < deadline; ) {
      await new Promise((resolve) => setTimeout(resolve, answer.body.retryAfterMs ?? 250));
      answer = await this.upload(bytes, name, type);
    }
    if (answer.status !== 201) throw new Error(`the upload answered ${answer.status}: ${JSON.stringify(answer.body)}`);
    return answer.body;
  }

  async history(conversationId: string, query = 'limit=100'): Promise<Anything[]> {
    return (await this.must('GET', `/conversations/${conversationId}/messages?${query}`)).items;
  }

  /** Everything since a cursor, all pages in one. */
  async sync(cursor: string, limit = 100): Promise<{ cursor: string; pages: Anything[] }> {
    const pages: Anything[] = [];
    for (;;) {
      const page = await this.must('GET', `/sync?limit=${limit}&cursor=${encodeURIComponent(cursor)}`);
      if (page.reset === true) throw new Error('sync answered reset');
      pages.push(page);
      cursor = page.cursor;
      if (!page.hasMore) return { cursor, pages };
    }
  }
}

interface Recorded {
  event: string;
  payload: Anything;
}

/** One connection. Its recorder receives everything from before it is connected, so that nothing is missed. */
export class Device {
  readonly socket: Socket;
  /** All events in the order they came. */
  readonly received: Recorded[] = [];
  private readonly unread: Recorded[] = [];
  private readonly waiters = new Set<() => void>();
  connectError: (Error & { data?: { code: string } }) | undefined;

  constructor(url: string, auth: Record<string, unknown>, options?: Record<string, unknown>);
  /** Of a socket that somebody else made. */
  constructor(socket: Socket);
  constructor(made: string | Socket, auth: Record<string, unknown> = {}, options: Record<string, unknown> = {}) {
    this.socket =
      typeof made === 'string'
        ? io(made, { auth, transports: ['websocket'], forceNew: true, reconnection: false, ...options })
        : made;
    this.socket.on('connect', () => this.record('connect', undefined));
    this.socket.onAny((event: string, payload: unknown) => this.record(event, payload));
    this.socket.on('disconnect', (reason) => this.record('disconnect', reason));
    this.socket.on('connect_error', (error) => {
      this.connectError = error;
      this.record('connect_error', (error as { data?: unknown }).data);
    });
  }

  /** The next event of this name that matches, also one that came before the call; each is given once. */
  async next(event: string, matches: (payload: Anything) => boolean = () => true): Promise<Anything> {
    return (await this.nextOf([event], matches)).payload;
  }

  /** The same of several names. */
  async nextOf(events: readonly string[], matches: (payload: Anything) => boolean = () => true): Promise<Recorded> {
    const take = (): Recorded | undefined => {
      const index = this.unread.findIndex(({ event, payload }) => events.includes(event) && matches(payload));
      return index === -1 ? undefined : this.unread.splice(index, 1)[0];
    };
    const found = take();
    if (found !== undefined) return found;
    return new Promise((resolve, reject) => {
      const look = (): void => {
        const recorded = take();
        if (recorded === undefined) return;
        stop();
        resolve(recorded);
      };
      const timer = setTimeout(() => {
        stop();
        const received = this.received.map((recorded) => recorded.event).join(', ');
        reject(new Error(`no ${events.join(' or ')} came; received: ${received}`));
        // A wait for one of several events leaves the others waiting, which must keep no process alive.
      }, WAIT_TIMEOUT_MS).unref();
      const stop = (): void => {
        clearTimeout(timer);
        this.waiters.delete(look);
      };
      this.waiters.add(look);
    });
  }

  /** Everything of this name so far. */
  all(event: string): Anything[] {
    return this.received.filter((recorded) => recorded.event === event).map(({ payload }) => payload);
  }

  /** Sends, and answers the acknowledgement. */
  ask(event: string, payload?: unknown): Promise<Anything> {
    // Also older clients know this way of asking.
    return new Promise((resolve, reject) =>
      this.socket.timeout(WAIT_TIMEOUT_MS).emit(event, payload, (error: Error | null, answer: Anything) => {
        if (error !== null) return reject(error);
        for (const observer of observers) observer.acknowledged?.(event, payload, answer);
        resolve(answer);
      }),
    );
  }

  /** Sends, and expects success. */
  async must(event: string, payload?: unknown): Promise<Anything> {
    const answer = await this.ask(event, payload);
    if (!answer.ok) throw new Error(`${event} was refused: ${JSON.stringify(answer.error)}`);
    return answer.data;
  }

  /** Ends the transport as a lost network does, without a word. */
  drop(): void {
    this.socket.io.engine.close();
  }

  private record(event: string, payload: unknown): void {
    const recorded = { event, payload };
    for (const observer of observers) observer.received?.(event, payload);
    this.received.push(recorded);
    this.unread.push(recorded);
    for (const look of this.waiters) look();
  }
}

/**
 * Resolves once a server says that it takes no new clients. It closes connections that wait for their next request, and one may be
 * under way on such a connection.
 */
export async function untilEnding(url: string): Promise<void> {
  const isEnding = (): Promise<boolean> => request(url, 'GET', '/health/ready').then(({ status }) => status === 503);
  await until('the server takes no new clients', () => isEnding().catch(() => false));
}

/** Waits until something is so; asks again and again, at most as long as anything may take. */
export async function until(
  what: string,
  isSo: () => boolean | Promise<boolean>,
  timeoutMs = WAIT_TIMEOUT_MS,
): Promise<void> {
  const deadline = Date.now() + timeoutMs;
  while (!(await isSo())) {
    if (Date.now() > deadline) throw new Error(`it never came to be that ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
