import type { Conversation, Fetch, FetchResponse, Message, SocketFactory, SocketListeners, User } from '@parley/client';

const NOW = '2026-01-02T03:04:05.678Z';

const person = (id: string, displayName: string): User => ({
  id,
  username: displayName.toLowerCase(),
  displayName,
  avatarUrl: null,
  createdAt: NOW,
});

export const ada = person('ada', 'Ada');
export const bob = person('bob', 'Bob');

export function messageOf(sender: User, seq: number, content: string): Message {
  return {
    id: `message ${seq}`,
    conversationId: 'c',
    seq,
    version: 1,
    senderId: sender.id,
    clientId: null,
    kind: 'TEXT',
    content,
    attachments: [],
    replyTo: null,
    reactions: [],
    createdAt: NOW,
    editedAt: null,
    deletedAt: null,
  };
}

const PAGE_SIZE = 50;

/** As the server shows a message to who deleted it for themselves. */
const HIDDEN = { content: null, deletedAt: NOW, hiddenAt: NOW } as const;

interface Edit {
  messageId: string;
  content: string;
}

/** As much of a server as the screens need, in the app's own process: they run on the real client. */
export class FakeServer {
  isReachable = true;
  /** What was asked for and sent, as `POST /auth/login` or `send_message`. */
  readonly calls: { name: string; body: unknown }[] = [];
  /** What is sent or changed is refused with this code. */
  refusal: { code: string; message: string } | undefined;
  readonly messages: Message[] = [];
  lastReadSeq = 0;
  /** Who logs in. */
  me = ada;
  archivedAt: string | null = null;
  /** Until then nobody gets older messages. */
  olderMessages: Promise<unknown> = Promise.resolve();
  askedForOlder = 0;
  readonly #sockets = new Set<SocketListeners>();

  readonly fetch: Fetch = async (url, { method, body }) => {
    if (!this.isReachable) throw new TypeError('Network request failed');
    const { pathname: path, searchParams } = new URL(url);
    this.calls.push({ name: `${method} ${path}`, body: typeof body === 'string' ? JSON.parse(body) : body });
    if (searchParams.has('before')) {
      this.askedForOlder += 1;
      await this.olderMessages;
    }
    return this.#answer(method, path, typeof body === 'string' ? JSON.parse(body) : undefined, searchParams);
  };

  readonly socket: SocketFactory = (_, listeners) => {
    const begin = setTimeout(() => {
      if (!this.isReachable) return listeners.failed({});
      this.#sockets.add(listeners);
      listeners.connected();
      const ready = { userId: this.me.id, sessionId: 's', serverTime: NOW, syncCursor: '1', recovered: false };
      listeners.event('session:ready', ready);
    });
    return {
      emit: (event, payload, acknowledge) => {
        this.calls.push({ name: event, body: payload });
        const answer = this.#acknowledge(event, payload);
        setTimeout(() => acknowledge?.(answer));
      },
      close: () => {
        clearTimeout(begin);
        this.#sockets.delete(listeners);
      },
    };
  };

  /** Whatever is connected is no longer, and nothing gets through. */
  vanish(): void {
    this.isReachable = false;
    for (const listeners of [...this.#sockets]) listeners.disconnected();
    this.#sockets.clear();
  }

  /** As after a log-out of all devices from another one, or for another reason. */
  endSession(code = 'SESSION_REVOKED'): void {
    this.emit('session:ended', { code, retry: false });
    for (const listeners of [...this.#sockets]) listeners.disconnected();
    this.#sockets.clear();
  }

  emit(event: string, payload: unknown): void {
    for (const listeners of [...this.#sockets]) listeners.event(event, payload);
  }

  /** Another user writes. */
  receive(content: string): void {
    const message = messageOf(bob, this.messages.length + 1, content);
    this.messages.push(message);
    this.emit('message:new', { message, conversation: this.#conversation() });
  }

  #answer(
    method: string,
    path: string,
    body: { password?: string; email?: string } | undefined,
    query: URLSearchParams,
  ): FetchResponse {
    const page = { items: [], nextCursor: null };
    switch (`${method} ${path}`) {
      case 'POST /auth/login':
        if (body?.email !== undefined) return problem(403, 'EMAIL_NOT_VERIFIED', 'Not verified.');
        return body?.password === 'correct horse'
          ? answered(200, { accessToken: 'token', refreshToken: 'refresh', expiresIn: 900 })
          : problem(401, 'INVALID_CREDENTIALS', 'Wrong.');
      case 'POST /auth/register':
        return problem(400, 'VALIDATION_FAILED', 'Not taken.', { password: ['must be at least 8 characters'] });
      case 'POST /auth/verify-otp':
        return problem(400, 'OTP_INVALID', 'Wrong.');
      case 'POST /auth/resend-otp':
        return this.refusal === undefined ? answered(202, undefined) : problem(429, this.refusal.code, 'Not now.');
      case 'POST /auth/logout':
        return answered(204, undefined);
      case 'GET /users/me':
        return answered(200, { ...this.me, email: `${this.me.username}@example.com` });
      case 'GET /friends':
        return answered(200, { items: [bob], nextCursor: null });
      case 'GET /friends/requests':
        return answered(200, page);
      case 'GET /conversations/c/messages':
        return answered(200, this.#page(Number(query.get('before') ?? Infinity)));
      default:
        return path.startsWith('/devices/')
          ? answered(method === 'DELETE' ? 204 : 200, {})
          : problem(404, 'NOT_FOUND', 'Not found.');
    }
  }

  #acknowledge(event: string, payload: unknown): object {
    if (event === 'sync') {
      const nothing = { leftConversationIds: [], messages: [], receipts: [], friendRequests: [], friends: [] };
      const conversations = [this.#conversation()];
      return { ok: true, data: { cursor: '1', hasMore: false, conversations, users: [], ...nothing } };
    }
    if (event === 'delete_message') return { ok: true, data: { message: this.#change(payload as Edit, HIDDEN) } };
    if (event !== 'send_message' && event !== 'edit_message') return { ok: true, data: {} };
    if (this.refusal !== undefined) return { ok: false, error: this.refusal };
    if (event === 'edit_message') {
      const { content } = payload as Edit;
      return { ok: true, data: { message: this.#change(payload as Edit, { content, editedAt: NOW }) } };
    }
    const { content, clientId } = payload as { content: string; clientId: string };
    const message = { ...messageOf(ada, this.messages.length + 1, content), clientId };
    this.messages.push(message);
    return { ok: true, data: { message, conversation: this.#conversation() } };
  }

  #change({ messageId }: Edit, changes: Partial<Message>): Message {
    const index = this.messages.findIndex(({ id }) => id === messageId);
    const message = this.messages[index] as Message;
    return (this.messages[index] = { ...message, version: message.version + 1, ...changes });
  }

  #page(before: number): object {
    const older = this.messages.filter(({ seq }) => seq < before);
    return { items: older.slice(-PAGE_SIZE), hasBefore: older.length > PAGE_SIZE, hasAfter: false };
  }

  #conversation(): Conversation {
    const { messages, lastReadSeq } = this;
    const last = messages.at(-1);
    const member = (user: User, read: number) => ({
      user,
      role: 'MEMBER' as const,
      lastReadSeq: read,
      lastDeliveredSeq: read,
    });
    return {
      id: 'c',
      type: 'DIRECT',
      title: null,
      avatarUrl: null,
      lastSeq: messages.length,
      lastMessage: last?.content ?? null,
      lastMessageAt: last?.createdAt ?? null,
      lastMessageBy: last?.senderId ?? null,
      lastMessageKind: last === undefined ? null : 'TEXT',
      createdAt: NOW,
      memberCount: 2,
      members: [member(ada, lastReadSeq), member(bob, 0)],
      me: {
        role: 'MEMBER',
        lastReadSeq,
        unreadCount: messages.filter(({ seq, senderId }) => seq > lastReadSeq && senderId !== ada.id).length,
        mutedUntil: null,
        archivedAt: this.archivedAt,
        pinnedAt: null,
      },
    };
  }
}

function answered(status: number, body: unknown): FetchResponse {
  const text = body === undefined ? '' : JSON.stringify(body);
  const headers = { get: (name: string) => (name.toLowerCase() === 'content-type' ? 'application/json' : null) };
  return { status, ok: status < 300, headers, text: async () => text };
}

function problem(status: number, code: string, detail: string, errors?: Record<string, string[]>): FetchResponse {
  return answered(status, {
    type: 'about:blank',
    title: detail,
    status,
    detail,
    message: detail,
    code,
    requestId: '1',
    errors,
  });
}
