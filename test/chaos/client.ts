import { io, type Socket } from 'socket.io-client';
import type { Outcome } from './ledger.js';
import { sleep } from './random.js';

/** How long a client waits for an answer; longer than any single fault lasts. */
const WAIT_TIMEOUT_MS = 6_000;
const RECONNECT_MS = 150;
/** How often somebody tries to register. */
const MAX_REGISTRATIONS = 10;
/** How long a server may take to come back, on a machine that is busy with other tests. */
const MAX_RESTART_MS = 60_000;

/** Answers after which nobody knows what happened. */
const UNKNOWN_CODES = new Set(['UNAVAILABLE', 'OVERLOADED', 'RATE_LIMITED', 'INTERNAL_ERROR']);

export interface Answer {
  outcome: Outcome;
  code: string;
  // What a server answers is only known to who asked.
  // oxlint-disable-next-line typescript/no-explicit-any
  data: any;
}

const SILENCE: Answer = { outcome: 'unknown', code: 'NO_ANSWER', data: undefined };

/** One user: requests and a connection that is made again whenever it is lost. Never throws. */
export class Client {
  private socket: Socket | undefined;
  private isClosed = false;

  private constructor(
    private readonly url: string,
    readonly id: string,
    readonly name: string,
    private readonly token: string,
    private readonly onViolation: (text: string) => void,
  ) {}

  static async register(url: string, name: string, onViolation: (text: string) => void): Promise<Client> {
    for (let trial = 1; ; trial += 1) {
      // Where nobody knows whether it was done, the name may be taken.
      const username = trial === 1 ? name : `${name}_${trial}`;
      const answer = await call(url, 'POST', '/auth/register', undefined, {
        email: `${username}@example.com`,
        username,
        password: 'correct horse',
      });
      if (answer.outcome === 'acknowledged')
        return new Client(url, answer.data.user.id, username, answer.data.accessToken, onViolation);
      if (answer.outcome === 'refused' || trial === MAX_REGISTRATIONS)
        throw new Error(`registering answered ${answer.code}`);
      await sleep(500);
    }
  }

  connect(): void {
    if (this.isClosed) return;
    const socket = io(this.url, {
      auth: { token: this.token },
      transports: ['websocket'],
      forceNew: true,
      reconnection: false,
      timeout: WAIT_TIMEOUT_MS,
    });
    this.socket = socket;
    const again = (): void => {
      if (this.socket !== socket) return;
      this.socket = undefined;
      setTimeout(() => this.connect(), RECONNECT_MS);
    };
    socket.on('disconnect', again);
    socket.on('connect_error', (error) => {
      const { code } = (error as { data?: { code?: string } }).data ?? {};
      if (code !== undefined && code !== 'UNAVAILABLE' && code !== 'RATE_LIMITED')
        this.onViolation(`handshake: refused with ${code}`);
      socket.close();
      again();
    });
  }

  close(): void {
    this.isClosed = true;
    const { socket } = this;
    this.socket = undefined;
    socket?.close();
  }

  /** Over the connection; where there is none for a while, nothing was sent. */
  async emit(event: string, payload: unknown): Promise<Answer> {
    for (let waited = 0; this.socket?.connected !== true; waited += 50) {
      if (waited > WAIT_TIMEOUT_MS || this.isClosed)
        return { outcome: 'refused', code: 'NOT_CONNECTED', data: undefined };
      await sleep(50);
    }
    const { socket } = this;
    return new Promise((resolve) => {
      const lost = (): void => resolve(SILENCE);
      socket.once('disconnect', lost);
      // oxlint-disable-next-line typescript/no-explicit-any
      socket.timeout(WAIT_TIMEOUT_MS).emit(event, payload, (error: Error | null, answer: any) => {
        socket.off('disconnect', lost);
        if (error !== null) return resolve(SILENCE);
        if (answer.ok === true) return resolve({ outcome: 'acknowledged', code: 'OK', data: answer.data });
        resolve(this.refusal(event, answer.error.code, answer.error));
      });
    });
  }

  async call(method: string, path: string, body?: unknown): Promise<Answer> {
    const answer = await call(this.url, method, path, this.token, body);
    if (answer.outcome === 'acknowledged' || answer.code === SILENCE.code) return answer;
    return this.refusal(`${method} ${path.replace(/[0-9a-f-]{36}/g, ':id')}`, answer.code, answer.data);
  }

  async upload(bytes: Buffer, name: string): Promise<Answer> {
    const form = new FormData();
    form.append('file', new Blob([new Uint8Array(bytes)]), name);
    const answer = await call(this.url, 'POST', '/attachments', this.token, form);
    if (answer.outcome === 'acknowledged' || answer.code === SILENCE.code) return answer;
    return this.refusal('POST /attachments', answer.code, answer.data);
  }

  /** Again and again until it is answered. */
  async must(method: string, path: string, body?: unknown): Promise<Answer['data']> {
    for (const began = performance.now(); ; ) {
      const answer = await this.call(method, path, body);
      if (answer.outcome === 'acknowledged') return answer.data;
      if (answer.outcome === 'refused' || performance.now() - began > MAX_RESTART_MS)
        throw new Error(`${method} ${path} answered ${answer.code}: ${JSON.stringify(answer.data)}`);
      await sleep(100);
    }
  }

  private refusal(what: string, code: string, data: unknown): Answer {
    if (code === 'INTERNAL_ERROR') this.onViolation(`internal error: ${what}`);
    if (code === 'VALIDATION_FAILED' || code === 'MALFORMED_JSON')
      this.onViolation(`validation: ${what}: ${JSON.stringify(data)}`);
    return { outcome: UNKNOWN_CODES.has(code) ? 'unknown' : 'refused', code, data };
  }
}

async function call(url: string, method: string, path: string, token?: string, body?: unknown): Promise<Answer> {
  const isForm = body instanceof FormData;
  try {
    const response = await fetch(url + path, {
      method,
      headers: {
        ...(body === undefined || isForm ? {} : { 'content-type': 'application/json' }),
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      },
      ...(body === undefined ? {} : { body: isForm ? body : JSON.stringify(body) }),
      signal: AbortSignal.timeout(WAIT_TIMEOUT_MS),
    });
    const text = await response.text();
    const data = text === '' ? {} : JSON.parse(text);
    if (response.ok) return { outcome: 'acknowledged', code: 'OK', data };
    const code = data.code ?? `HTTP_${response.status}`;
    return { outcome: UNKNOWN_CODES.has(code) || response.status >= 500 ? 'unknown' : 'refused', code, data };
  } catch {
    return SILENCE;
  }
}
