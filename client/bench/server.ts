import type { FetchResponse, Socket, SocketListeners, SocketOptions } from '../src/ports/network.js';
import type { Conversation, Message, SyncChanges, User } from '../src/protocol/protocol.generated.js';

export const CONVERSATIONS = 200;
/** 10,000 in all. */
export const MESSAGES_EACH = 50;

/** What comes while the phone is away: 5,000 messages. */
export const MISSED = { conversations: 50, messagesEach: 100 };
/** As many as the server sends in one answer of `sync`. */
const SYNC_LIMIT = 100;

const START = Date.parse('2026-01-01T00:00:00.000Z');
const time = (minute: number): string => new Date(START + minute * 60_000).toISOString();
const uuid = (kind: number, number: number): string =>
  `00000000-0000-7000-${(0x8000 + kind).toString(16)}-${number.toString(16).padStart(12, '0')}`;

const user = (number: number): User => ({
  id: uuid(1, number),
  username: `user${number}`,
  displayName: `User number ${number}`,
  avatarUrl: null,
  createdAt: time(0),
});
export const ME = user(0);
export const conversationId = (number: number): string => uuid(2, number);

const WORDS = 'the quick brown fox jumps over a lazy dog and runs on at some length'.split(' ');

function message(conversation: number, seq: number): Message {
  const number = conversation * 1_000 + seq;
  const length = 4 + ((number * 7) % 24);
  return {
    id: uuid(3, number),
    conversationId: conversationId(conversation),
    seq,
    version: 1,
    senderId: seq % 3 === 0 ? ME.id : user(conversation + 1).id,
    clientId: seq % 3 === 0 ? uuid(4, number) : null,
    kind: 'TEXT',
    content: Array.from({ length }, (_, index) => WORDS[(number + index) % WORDS.length]).join(' '),
    attachments: [],
    replyTo: null,
    reactions: number % 5 === 0 ? [{ emoji: '👍', count: 2, mine: false }] : [],
    createdAt: time(number),
    editedAt: null,
    deletedAt: null,
  };
}

function conversation(number: number, lastSeq = MESSAGES_EACH): Conversation {
  const last = message(number, lastSeq);
  const members = [ME, user(number + 1)].map((of) => ({
    user: of,
    role: 'MEMBER' as const,
    lastReadSeq: MESSAGES_EACH - (number % 4),
    lastDeliveredSeq: MESSAGES_EACH,
  }));
  return {
    id: conversationId(number),
    type: 'DIRECT',
    title: null,
    avatarUrl: null,
    memberCount: 2,
    members,
    lastSeq,
    lastMessage: (last.content ?? '').slice(0, 200),
    lastMessageAt: last.createdAt,
    lastMessageBy: last.senderId,
    lastMessageKind: 'TEXT',
    createdAt: time(0),
    me: {
      role: 'MEMBER',
      lastReadSeq: MESSAGES_EACH - (number % 4),
      unreadCount: lastSeq - MESSAGES_EACH + (number % 4),
      mutedUntil: null,
      archivedAt: null,
      pinnedAt: null,
    },
  };
}

/** How many messages a conversation has when everything has come. */
const lastSeqOf = (number: number): number => MESSAGES_EACH + (number < MISSED.conversations ? MISSED.messagesEach : 0);

/** What a conversation's newest message says when everything has come. */
export const lastMissed = (number: number): string => message(number, lastSeqOf(number)).content ?? '';

/** The conversations first, then their messages as they were written: two of each in an answer. The cursor counts the answers. */
function missedAfter(cursor: string): Pick<SyncChanges, 'cursor' | 'hasMore' | 'conversations' | 'messages'> {
  const answers = cursor === 'cursor' ? 0 : Number(cursor);
  const { conversations, messagesEach } = MISSED;
  const hasMore = answers * SYNC_LIMIT < conversations * messagesEach;
  const numbers = Array.from({ length: conversations }, (_, number) => number);
  const each = SYNC_LIMIT / conversations;
  const messagesOf = (number: number): Message[] =>
    Array.from({ length: each }, (_, index) => message(number, MESSAGES_EACH + (answers - 1) * each + index + 1));
  return {
    cursor: String(answers + 1),
    hasMore,
    conversations: answers === 0 ? numbers.map((number) => conversation(number, lastSeqOf(number))) : [],
    messages: answers === 0 ? [] : numbers.flatMap(messagesOf),
  };
}

/** The same server after a while. */
export function socketAfterwards(options: SocketOptions, listeners: SocketListeners): Socket {
  const socket = connectedSocket(options, listeners);
  return {
    ...socket,
    emit: (event, payload, acknowledge) => {
      const ok = (data: unknown): void => queueMicrotask(() => acknowledge?.({ ok: true, data }));
      if (event === 'sync') {
        const { cursor = '' } = payload as { cursor?: string };
        const end = 1 + (MISSED.conversations * MISSED.messagesEach) / SYNC_LIMIT;
        const changes =
          Number(cursor) >= end ? { cursor, hasMore: false, conversations: [], messages: [] } : missedAfter(cursor);
        return ok({ ...NOTHING, ...changes });
      }
      if (event === 'join_conversation') {
        const number = numberOf((payload as { conversationId: string }).conversationId);
        return ok({ conversation: conversation(number, lastSeqOf(number)) });
      }
      return ok({});
    },
  };
}

const NOTHING = { leftConversationIds: [], receipts: [], friendRequests: [], friends: [], users: [] };

/** As much of a server as fills a cache: the list in the first sync, the newest page of each conversation. */
export function connectedSocket(_: SocketOptions, listeners: SocketListeners): Socket {
  queueMicrotask(() => {
    listeners.connected();
    listeners.event('session:ready', {
      userId: ME.id,
      sessionId: uuid(5, 1),
      serverTime: time(0),
      syncCursor: 'cursor',
      recovered: false,
    });
  });
  return {
    close: () => undefined,
    emit: (event, payload, acknowledge) => {
      const ok = (data: unknown): void => queueMicrotask(() => acknowledge?.({ ok: true, data }));
      if (event === 'sync') {
        const isFirst = (payload as { cursor?: string | null }).cursor == null;
        const conversations = isFirst
          ? Array.from({ length: CONVERSATIONS }, (__, number) => conversation(number))
          : [];
        return ok({ ...NOTHING, messages: [], cursor: 'cursor', hasMore: false, conversations });
      }
      if (event === 'join_conversation') {
        const { conversationId: id } = payload as { conversationId: string };
        return ok({ conversation: conversation(numberOf(id)) });
      }
      return ok({});
    },
  };
}

/** The network of a phone in a lift. */
export const deadSocket = (): Socket => ({ close: () => undefined, emit: () => undefined });

export async function answer(url: string): Promise<FetchResponse> {
  const page = /\/conversations\/([^/]+)\/messages/.exec(url)?.[1];
  const items =
    page === undefined ? [] : Array.from({ length: MESSAGES_EACH }, (_, index) => message(numberOf(page), index + 1));
  const body = page === undefined ? { items, nextCursor: null } : { items, hasBefore: false, hasAfter: false };
  return answered(body);
}

function answered(body: unknown): FetchResponse {
  return {
    status: 200,
    ok: true,
    headers: { get: (name) => (name.toLowerCase() === 'content-type' ? 'application/json' : null) },
    text: () => Promise.resolve(JSON.stringify(body)),
  };
}

/** The newest page is another one then; no other is asked for. */
export async function answerAfterwards(url: string): Promise<FetchResponse> {
  const page = /\/conversations\/([^/]+)\/messages/.exec(url)?.[1];
  if (page === undefined) return answer(url);
  const number = numberOf(page);
  const query = new URL(url).searchParams;
  const before = Number(query.get('before') ?? lastSeqOf(number) + 1);
  const first = Number(query.get('after') ?? Math.max(0, before - MESSAGES_EACH - 1)) + 1;
  const last = Math.min(before - 1, first + MESSAGES_EACH - 1, lastSeqOf(number));
  const items = Array.from({ length: last - first + 1 }, (_, index) => message(number, first + index));
  return answered({ items, hasBefore: first > 1, hasAfter: last < lastSeqOf(number) });
}

const numberOf = (id: string): number => parseInt(id.slice(-12), 16);
