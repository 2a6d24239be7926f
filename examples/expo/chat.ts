import { io } from 'socket.io-client';

// Set in .env: the address of this computer as the phone sees it, for example http://192.168.1.20:3000
const SERVER = process.env.EXPO_PUBLIC_PARLEY_URL ?? 'http://localhost:3000';

export type Message = { id: string; conversationId: string; seq: number; senderId: string; content: string | null };
type Tokens = { accessToken: string; refreshToken: string };
type Answer = { ok: true; data: { message: Message } } | { ok: false; error: { code: string; retryAfterMs?: number } };

let tokens: Tokens | undefined; // An app keeps the refresh token in expo-secure-store, so that nobody logs in twice.
let renewing: Promise<void> | undefined;
let me = '';

// Asked for at every connection, so that each one takes the newest token.
const auth = (give: (data: object) => void) => give({ token: tokens?.accessToken });
export const socket = io(SERVER, { autoConnect: false, ackTimeout: 10_000, auth });

/** Unread messages by conversation, until the server is asked again: `me.unreadCount` of GET /conversations. */
export const unread: Record<string, number> = {};
/** The conversation on the screen, with what is known of it in the order of `seq`. */
let open: { id: string; messages: Message[]; show: (messages: Message[]) => void } | undefined;

async function call<Body>(method: string, path: string, body?: object): Promise<Body> {
  const headers = { 'content-type': 'application/json', authorization: `Bearer ${tokens?.accessToken ?? ''}` };
  const response = await fetch(SERVER + path, { method, headers, body: body && JSON.stringify(body) });
  const answer = (await response.json()) as { code?: string; detail?: string };
  if (response.ok) return answer as Body;
  if (answer.code === 'TOKEN_EXPIRED') return renew().then(() => call<Body>(method, path, body));
  throw Object.assign(new Error(answer.detail), { code: answer.code });
}

export async function logIn(username: string, password: string) {
  tokens = await call<Tokens>('POST', '/auth/login', { username, password });
  socket.connect();
}

/** A refresh token works once: whoever needs a new one meanwhile waits for the same. */
function renew(): Promise<void> {
  renewing ??= call<Tokens>('POST', '/auth/refresh', { refreshToken: tokens?.refreshToken })
    .then((pair) => void (tokens = pair))
    .finally(() => (renewing = undefined));
  return renewing;
}

/** Shows a conversation: what is there already, and everything that comes. Returns how to stop. */
export function watch(conversationId: string, show: (messages: Message[]) => void): () => void {
  const own = (open = { id: conversationId, messages: [], show });
  catchUp();
  return () => {
    if (open !== own) return;
    open = undefined;
    if (socket.connected) socket.emit('leave_conversation', { conversationId });
  };
}

/** At first the newest page; after a lost connection all that came since the last message known. */
function catchUp() {
  void fetchMissing().catch(() => undefined); // The connection was lost: session:ready asks again.
}

async function fetchMissing() {
  if (open === undefined || !socket.connected) return; // session:ready comes, and asks again.
  const { id, messages } = open;
  await socket.emitWithAck('join_conversation', { conversationId: id });
  for (let hasAfter = true; hasAfter && open?.id === id; ) {
    const last = messages.at(-1)?.seq;
    const path = `/conversations/${id}/messages?limit=100${last === undefined ? '' : `&after=${last}`}`;
    const page = await call<{ items: Message[]; hasAfter: boolean }>('GET', path);
    page.items.forEach(add);
    hasAfter = page.hasAfter;
  }
  read();
}

function add(message: Message) {
  if (message.conversationId !== open?.id) return;
  const others = open.messages.filter(({ seq }) => seq !== message.seq);
  open.messages.splice(0, Infinity, ...[...others, message].sort((a, b) => a.seq - b.seq));
  open.show([...open.messages]);
}

function read() {
  const last = open?.messages.at(-1);
  if (open === undefined || last === undefined) return;
  unread[open.id] = 0;
  if (socket.connected) socket.emit('mark_read', { conversationId: open.id, seq: last.seq });
}

/**
 * Resolves once the message is stored, or refused for good; until then it is sent again by itself, always under the same
 * `clientId`, so that it arrives once. Never call it a second time for the same message.
 */
export async function send(conversationId: string, content: string, clientId: string): Promise<Answer> {
  for (;;) {
    if (!socket.connected) await new Promise<void>((ready) => void socket.once('session:ready', () => ready()));
    const answer: Answer | undefined = await socket
      .emitWithAck('send_message', { conversationId, content, clientId })
      .catch(() => undefined); // No answer within 10 s.
    if (answer?.ok) add(answer.data.message);
    if (answer !== undefined && (answer.ok || answer.error.retryAfterMs === undefined)) return answer;
    const pause = answer?.ok === false ? answer.error.retryAfterMs : 500;
    await new Promise((resume) => void setTimeout(resume, pause));
  }
}

socket.on('session:ready', ({ userId }: { userId: string }) => {
  me = userId;
  catchUp();
});
socket.on('session:expiring', () => {
  // Where that fails the server ends the connection with its token, and we come back.
  renew().then(
    () => socket.emit('authenticate', { token: tokens?.accessToken }),
    () => undefined,
  );
});
// Refused, or ended by the server: Socket.IO does not come back by itself then.
const comeBack = () => {
  void renew().then(
    () => socket.connect(),
    ({ code }: { code?: string }) => code?.startsWith('REFRESH') || setTimeout(comeBack, 2_000), // Else: log in again.
  );
};
socket.on('connect_error', () => void (socket.active || setTimeout(comeBack, 1_000)));
socket.on('session:ended', ({ retry, retryAfterMs }: { retry: boolean; retryAfterMs?: number }) => {
  if (retry) setTimeout(comeBack, retryAfterMs ?? 1_000);
});
socket.on('message:new', ({ message }: { message: Message }) => {
  const isOpen = message.conversationId === open?.id;
  if (isOpen && message.seq > (open?.messages.at(-1)?.seq ?? message.seq - 1) + 1) return catchUp(); // Some are missing.
  add(message);
  if (isOpen) read();
  else if (message.senderId !== me) unread[message.conversationId] = (unread[message.conversationId] ?? 0) + 1;
});
