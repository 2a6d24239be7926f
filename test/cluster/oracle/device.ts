import { io, type Socket } from 'socket.io-client';
import { type Random, sleep } from '../../chaos/random.js';
import type { Anything } from '../../support/story.js';
import type { Ledger } from './ledger.js';
import type { StagedProcess } from './stage.js';

/** How long a client waits for an answer; longer than any fault lasts. */
const ANSWER_TIMEOUT_MS = 12_000;
const CONNECT_TIMEOUT_MS = 6_000;
const HISTORY_PAGE = 100;

export type Answer =
  | { readonly outcome: 'acknowledged'; readonly result: Anything }
  | { readonly outcome: 'refused'; readonly code: string }
  /** Nobody knows whether it was done. */
  | { readonly outcome: 'unknown'; readonly code: string };

/** Answers after which a client tries again. */
const UNKNOWN_CODES = new Set(['UNAVAILABLE', 'OVERLOADED', 'RATE_LIMITED', 'INTERNAL_ERROR']);

function refusal(code: string): Answer {
  return UNKNOWN_CODES.has(code) ? { outcome: 'unknown', code } : { outcome: 'refused', code };
}

/** One request of HTTP. Never throws. */
export async function call(url: string, method: string, path: string, token?: string, body?: unknown): Promise<Answer> {
  try {
    const response = await fetch(url + path, {
      method,
      headers: {
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(ANSWER_TIMEOUT_MS),
    });
    const text = await response.text();
    const result: Anything = text === '' ? undefined : JSON.parse(text);
    return response.ok ? { outcome: 'acknowledged', result } : refusal(result.code);
  } catch {
    return { outcome: 'unknown', code: 'NO_ANSWER' };
  }
}

/** A user of the stage. */
export interface Account {
  readonly id: string;
  readonly username: string;
  readonly devices: Device[];
}

/** What a device knows of a message. */
export interface KnownMessage {
  readonly id: string;
  readonly seq: number;
  readonly version: number;
  readonly content: string | null;
  readonly deletedAt: string | null;
  readonly reactions: unknown;
}

/**
 * A client that does what the contract asks of one, and nothing else: it keeps what it is sent, and syncs where it is asked to
 * or was not recovered. It closes no gaps by itself, so that each of them shows.
 */
export class Device {
  readonly messages = new Map<string, Map<string, KnownMessage>>();
  readonly friendIds = new Set<string>();
  readonly presence = new Map<string, boolean>();
  /** Somebody has asked for the end of its session, which may be before the answer comes, or without one. */
  isEnding = false;
  /** When its session was certainly ended. */
  endedAt: number | undefined;
  isOver = false;
  syncs = 0;
  private cursor: string | undefined;
  private socket: Socket | undefined;
  private place: StagedProcess | undefined;
  private isClosed = false;
  private isPaused = false;
  /** Messages of this connection, as far as it was recovered. */
  private seen = new Set<string>();
  private lastSeqs = new Map<string, number>();
  private syncing: Promise<void> | undefined;
  private isSyncNeeded = false;
  private waitingFor: string | undefined;
  /** How often something came that a sync under way may not know. */
  private changes = 0;

  constructor(
    readonly name: string,
    readonly account: Account,
    readonly token: string,
    readonly sessionId: string,
    private readonly processes: readonly StagedProcess[],
    private readonly random: Random,
    private readonly ledger: Ledger,
  ) {}

  get isConnected(): boolean {
    return this.socket?.connected === true;
  }

  /** Connected, and with nothing to fetch. */
  get isSettled(): boolean {
    return this.isConnected && this.cursor !== undefined && this.syncing === undefined && !this.isSyncNeeded;
  }

  /** What it waits for. */
  get state(): string {
    const { isConnected, waitingFor, processName } = this;
    return `${isConnected ? 'connected' : 'not connected'} at ${processName}, waiting for ${waitingFor ?? 'nothing'}`;
  }

  get processName(): string {
    return this.place?.name ?? 'none';
  }

  connect(place?: StagedProcess): void {
    if (this.isClosed || this.isOver || this.isPaused || this.socket !== undefined) return;
    const chosen = place ?? this.random.one(this.processes);
    if (chosen === undefined) return;
    this.place = chosen;
    const socket = io(chosen.url, {
      auth: { token: this.token },
      transports: ['websocket'],
      forceNew: true,
      reconnection: false,
      timeout: CONNECT_TIMEOUT_MS,
    });
    this.socket = socket;
    socket.on('session:ready', (payload: Anything) => this.ready(payload));
    socket.onAny((event: string, payload: Anything) => {
      if (this.socket === socket) this.receive(event, payload);
    });
    socket.on('disconnect', (reason) => this.lost(socket, reason));
    socket.on('connect_error', (error) => {
      const { code } = (error as { data?: { code?: string } }).data ?? {};
      if (code === 'UNAUTHORIZED') {
        if (!this.isEnding && !this.isOver) this.ledger.violation(`${this.name} is refused although its session lives`);
        this.isOver = true;
      }
      socket.close();
      this.again(socket);
    });
  }

  /** Its user closes the app. */
  pause(): void {
    this.isPaused = true;
    const { socket } = this;
    this.socket = undefined;
    socket?.close();
  }

  resume(): void {
    this.isPaused = false;
    this.connect();
  }

  close(): void {
    this.isClosed = true;
    const { socket } = this;
    this.socket = undefined;
    socket?.close();
  }

  /** Over the socket; refused with NOT_CONNECTED where there is none. Never throws. */
  emit(event: string, payload: unknown): Promise<Answer> {
    const { socket } = this;
    if (socket?.connected !== true) return Promise.resolve({ outcome: 'unknown', code: 'NOT_CONNECTED' });
    return new Promise((resolve) => {
      const lost = (): void => resolve({ outcome: 'unknown', code: 'DISCONNECTED' });
      socket.once('disconnect', lost);
      socket.timeout(ANSWER_TIMEOUT_MS).emit(event, payload, (error: Error | null, answer: Anything) => {
        socket.off('disconnect', lost);
        if (error !== null) resolve({ outcome: 'unknown', code: 'NO_ANSWER' });
        else if (answer.ok === true) resolve({ outcome: 'acknowledged', result: answer.data });
        else resolve(refusal(answer.error.code));
      });
    });
  }

  /** Over HTTP, to any process. */
  async call(method: string, path: string, body?: unknown): Promise<Answer> {
    const place = this.random.one(this.processes);
    this.waitingFor = `${method} ${path.slice(0, 20)} of ${place?.name} since ${this.ledger.seconds} s`;
    const answer = await call(place?.url ?? '', method, path, this.token, body);
    this.waitingFor = undefined;
    return answer;
  }

  private again(socket: Socket): void {
    if (this.socket !== socket) return;
    this.socket = undefined;
    setTimeout(() => this.connect(), this.random.between(100, 600));
  }

  private lost(socket: Socket, reason: string): void {
    if (this.socket !== socket) return;
    // As Socket.IO's own reconnection: the same session, which the same process may recover.
    if (reason === 'transport close' && !this.isOver && this.random.next() < 0.5)
      setTimeout(
        () => {
          if (this.socket === socket && !this.isClosed && !this.isOver) socket.connect();
        },
        this.random.between(50, 300),
      );
    else this.again(socket);
  }

  private ready({ recovered, syncCursor }: Anything): void {
    if (this.endedAt !== undefined)
      this.ledger.note(`${this.name} is let in at ${this.processName} while its session is ended`);
    if (recovered === true) {
      this.ledger.count('recovered');
      return;
    }
    this.seen = new Set();
    this.lastSeqs = new Map();
    this.presence.clear();
    void this.sync(syncCursor);
  }

  private receive(event: string, payload: Anything): void {
    switch (event) {
      case 'message:new':
        return this.received(payload.message);
      case 'message:updated':
      case 'message:deleted':
        return this.keep(payload.message);
      case 'conversation:new':
        this.changes += 1;
        return this.joined(payload.conversation.id);
      case 'conversation:removed':
        this.changes += 1;
        this.messages.delete(payload.conversationId);
        return;
      case 'friend:request_accepted':
        this.changes += 1;
        this.friendIds.add(payload.user.id);
        return;
      case 'friend:removed':
        this.changes += 1;
        this.friendIds.delete(payload.userId);
        return;
      case 'presence:update':
        this.ledger.count('presence');
        this.presence.set(payload.userId, payload.isOnline);
        return;
      case 'sync:needed':
        this.syncs += 1;
        return void this.sync();
      case 'session:ended':
        if (payload.retry === false) this.isOver = true;
        return;
    }
  }

  private received(message: Anything): void {
    const { id, seq, conversationId } = message;
    if (this.seen.has(id)) this.ledger.violation(`${this.name} receives message ${id} (${seq}) twice`);
    this.seen.add(id);
    const now = Date.now();
    const last = this.lastSeqs.get(conversationId) ?? 0;
    if (seq < last) {
      this.ledger.count('out of order');
      this.ledger.overtaken.push({ device: this.name, conversationId, seq, behind: last, receivedAt: now });
    }
    this.lastSeqs.set(conversationId, Math.max(seq, last));
    this.ledger.deliveries.push({
      device: this.name,
      userId: this.account.id,
      conversationId,
      seq,
      messageId: id,
      receivedAt: now,
    });
    if (this.endedAt !== undefined) {
      const late = Date.parse(message.createdAt) - this.endedAt;
      if (late > 5_000) this.ledger.violation(`${this.name} receives what was sent ${late} ms after its session ended`);
    }
    this.keep(message);
  }

  private joined(conversationId: string): void {
    if (!this.messages.has(conversationId)) this.messages.set(conversationId, new Map());
  }

  private keep(message: Anything): void {
    const known = this.messages.get(message.conversationId) ?? new Map<string, KnownMessage>();
    this.messages.set(message.conversationId, known);
    const { id, seq, version, content, deletedAt, reactions } = message;
    if ((known.get(id)?.version ?? 0) <= version) known.set(id, { id, seq, version, content, deletedAt, reactions });
  }

  /** One at a time; one that is asked for meanwhile follows. */
  private sync(beginAt?: string): Promise<void> {
    this.isSyncNeeded = true;
    return (this.syncing ??= this.syncAll(beginAt).finally(() => (this.syncing = undefined)));
  }

  private async syncAll(beginAt?: string): Promise<void> {
    while (this.isSyncNeeded && !this.isClosed && !this.isOver) {
      this.isSyncNeeded = false;
      const { changes } = this;
      const isDone = this.cursor === undefined ? await this.fetchAll(beginAt) : await this.fetchChanges(this.cursor);
      // What came meanwhile may be newer than what was answered, or older: asked again, the answer is newer.
      if (!isDone || changes !== this.changes) this.isSyncNeeded = true;
      if (!isDone) await sleep(this.random.between(100, 400));
    }
  }

  private async fetchChanges(from: string): Promise<boolean> {
    const { changes } = this;
    let cursor = from;
    for (;;) {
      const answer = await this.call('GET', `/sync?limit=100&cursor=${encodeURIComponent(cursor)}`);
      if (answer.outcome !== 'acknowledged') return false;
      const page = answer.result;
      if (page.reset === true) {
        this.ledger.violation(`${this.name} is sent to start over`);
        return true;
      }
      for (const { id } of page.conversations) this.joined(id);
      for (const message of page.messages) this.keep(message);
      for (const id of page.leftConversationIds) this.messages.delete(id);
      for (const { user, removedAt } of page.friends)
        if (removedAt === null) this.friendIds.add(user.id);
        else this.friendIds.delete(user.id);
      cursor = page.cursor;
      if (page.hasMore !== true) break;
    }
    if (changes === this.changes) this.cursor = cursor;
    return true;
  }

  private async fetchAll(beginAt: string | undefined): Promise<boolean> {
    const conversations = await this.call('GET', '/conversations?limit=100');
    const friends = await this.call('GET', '/friends?limit=100');
    if (conversations.outcome !== 'acknowledged' || friends.outcome !== 'acknowledged') return false;
    for (const { id } of friends.result.items) this.friendIds.add(id);
    for (const { id } of conversations.result.items) {
      this.joined(id);
      const history = await this.history(id);
      if (history === undefined) return false;
      for (const message of history) this.keep(message);
    }
    this.cursor = beginAt;
    return true;
  }

  /** All that its user may read of a conversation; undefined where that is not answered. */
  async history(conversationId: string): Promise<Anything[] | undefined> {
    const messages: Anything[] = [];
    for (let before: number | undefined; ; before = messages[0]?.seq) {
      const query = before === undefined ? '' : `&before=${before}`;
      const answer = await this.call('GET', `/conversations/${conversationId}/messages?limit=${HISTORY_PAGE}${query}`);
      if (answer.outcome === 'refused') return [];
      if (answer.outcome === 'unknown') return undefined;
      messages.unshift(...answer.result.items);
      if (answer.result.hasBefore !== true) return messages;
    }
  }
}
