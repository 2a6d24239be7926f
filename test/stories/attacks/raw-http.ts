import { afterAll, afterEach, beforeAll, expect } from '@jest/globals';
import { connect, type Socket } from 'node:net';
import { type Person, startStory, type Story, until } from '../../support/story.js';
import { problem } from './shapes.js';

export interface RawAnswer {
  status: number;
  headers: Record<string, string>;
  body: string;
}

/** The answers on a line, one after the other; what is not there in full is left out. */
export function answersIn(received: string, { method = 'GET' } = {}): RawAnswer[] {
  const answers: RawAnswer[] = [];
  let rest = received;
  for (;;) {
    const end = rest.indexOf('\r\n\r\n');
    if (end === -1) return answers;
    const [statusLine = '', ...lines] = rest.slice(0, end).split('\r\n');
    const status = Number(/^HTTP\/1\.1 (\d{3}) /.exec(statusLine)?.[1]);
    const headers = Object.fromEntries(
      lines.map((line) => [line.slice(0, line.indexOf(':')).toLowerCase(), line.slice(line.indexOf(':') + 1).trim()]),
    );
    rest = rest.slice(end + 4);
    const hasBody = method !== 'HEAD' && status >= 200 && status !== 204 && status !== 304;
    let body = '';
    if (hasBody && headers['transfer-encoding'] === 'chunked') {
      for (let size = -1; size !== 0; ) {
        const line = rest.indexOf('\r\n');
        size = Number.parseInt(rest.slice(0, line), 16);
        if (line === -1 || rest.length < line + 4 + size) return answers;
        body += rest.slice(line + 2, line + 2 + size);
        rest = rest.slice(line + 4 + size);
      }
    } else if (hasBody) {
      const length = Number(headers['content-length'] ?? 0);
      if (rest.length < length) return answers;
      body = rest.slice(0, length);
      rest = rest.slice(length);
    }
    answers.push({ status, headers, body });
  }
}

/** A TCP connection that sends what it is given. */
export class Line {
  private readonly socket: Socket;
  private received = '';
  isClosed = false;
  /** Resolves when the server has ended it. */
  readonly closed: Promise<void>;

  constructor(url: string) {
    const { port } = new URL(url);
    this.socket = connect({ port: Number(port), host: '127.0.0.1', allowHalfOpen: true });
    this.socket.setEncoding('latin1');
    this.socket.on('data', (chunk: string) => {
      this.received += chunk;
    });
    this.closed = new Promise((resolve) => {
      const over = (): void => {
        this.isClosed = true;
        resolve();
      };
      this.socket.once('end', over).once('close', over);
    });
    // Written to after the server has ended it.
    this.socket.on('error', () => undefined);
  }

  write(bytes: string | Buffer): Promise<void> {
    return new Promise((resolve) => this.socket.write(bytes, 'latin1', () => resolve()));
  }

  /** Says that nothing more comes. */
  finish(): void {
    this.socket.end();
  }

  answers(method = 'GET'): RawAnswer[] {
    return answersIn(this.received, { method });
  }

  get text(): string {
    return this.received;
  }

  destroy(): void {
    this.socket.destroy();
  }
}

/** A server, two people and the lines of an attacker, for the tests of one file; after each the server still works. */
// oxlint-disable-next-line typescript/explicit-function-return-type
export function rawHttpStory() {
  let story: Story;
  let [ada, bob]: [Person, Person] = [] as never;
  let conversationId: string;
  let lines: Line[] = [];
  const prototypeNames = Object.getOwnPropertyNames(Object.prototype).sort();

  beforeAll(async () => {
    story = await startStory({ rateLimits: false });
    [ada, bob] = await Promise.all([story.person('ada'), story.person('bob')]);
    conversationId = await ada.directConversation(bob);
  });
  afterAll(() => story.close());
  afterEach(async () => {
    for (const line of lines) line.destroy();
    lines = [];
    expect(Object.getOwnPropertyNames(Object.prototype).sort()).toEqual(prototypeNames);
    expect((await ada.call('GET', '/users/me')).status).toBe(200);
  });

  function open(): Line {
    const line = new Line(story.url);
    lines.push(line);
    return line;
  }

  /** Sends these bytes, and waits until the server has ended the line. */
  async function untilClosed(bytes: string | Buffer, method?: string): Promise<RawAnswer[]> {
    const line = open();
    await line.write(bytes);
    await until('the server ends the line', () => line.isClosed);
    return line.answers(method).map(checked);
  }

  const authorization = (): string => `Authorization: Bearer ${ada.accessToken}\r\n`;
  /** A request in bytes; the last on its line unless another follows. */
  function message(
    start: string,
    headers: readonly string[] = [],
    body = '',
    { last = true, host = true } = {},
  ): string {
    return `${start}\r\n${host ? 'Host: x\r\n' : ''}${authorization()}${last ? 'Connection: close\r\n' : ''}${headers
      .map((header) => `${header}\r\n`)
      .join('')}\r\n${body}`;
  }
  const ping = (last = true): string => message('GET /users/me HTTP/1.1', [], '', { last });

  /** Holds of every answer: it is no failure of the server, and shows nothing of its insides. */
  function checked(answer: RawAnswer): RawAnswer {
    expect(answer.status).toBeLessThan(500);
    if (answer.status < 400 || answer.body === '') return answer;
    expect(answer.headers['content-type']).toMatch(/^application\/problem\+json/);
    const body = JSON.parse(answer.body);
    expect(body).toEqual(problem(answer.status, body.code, body.errors && Object.keys(body.errors)));
    expect(body.requestId).toBe(answer.headers['x-request-id']);
    const { requestId: _, ...answered } = body;
    expect(JSON.stringify(answered)).not.toMatch(
      /node_modules|\/work\/|\/src\/|\/dist\/|\bat \S+:\d+|\.[jt]s\b|SELECT |INSERT |Prisma|postgres|relation/i,
    );
    return answer;
  }
  const outline = (answers: RawAnswer[]): [number, string | undefined][] =>
    answers.map(({ status, body }) => [status, body === '' ? undefined : JSON.parse(body).code]);

  const POST = (): string => `POST /conversations/${conversationId}/messages HTTP/1.1`;
  const JSON_TYPE = 'Content-Type: application/json';
  const content = (text: string): string => JSON.stringify({ content: text });
  const lengthOf = (body: string): string => `Content-Length: ${Buffer.byteLength(body)}`;

  return {
    get story() {
      return story;
    },
    get ada() {
      return ada;
    },
    get bob() {
      return bob;
    },
    get conversationId() {
      return conversationId;
    },
    open,
    untilClosed,
    authorization,
    message,
    ping,
    checked,
    outline,
    POST,
    JSON_TYPE,
    content,
    lengthOf,
  };
}
