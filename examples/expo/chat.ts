import { io } from 'socket.io-client';

// Set in .env: the address of this computer as the phone sees it, for example http://192.168.1.20:3000
const SERVER = process.env.EXPO_PUBLIC_PARLEY_URL ?? 'http://localhost:3000';

export type Message = { id: string; conversationId: string; seq: number; senderId: string; content: string | null };

export const socket = io(SERVER, { autoConnect: false, ackTimeout: 10_000 });

/** Unread messages by conversation. The server counts them as well: `me.unreadCount` of GET /conversations. */
export const unread: Record<string, number> = {};
let me = '';
let active: string | undefined;

export async function logIn(username: string, password: string) {
  const body = JSON.stringify({ username, password });
  const headers = { 'content-type': 'application/json' };
  const response = await fetch(`${SERVER}/auth/login`, { method: 'POST', headers, body });
  const answer = (await response.json()) as { accessToken: string; detail: string };
  if (!response.ok) throw new Error(answer.detail);
  socket.auth = { token: answer.accessToken };
  socket.connect();
}

export async function openConversation(conversationId: string) {
  await socket.emitWithAck('join_conversation', { conversationId });
  active = conversationId;
  unread[conversationId] = 0;
}

/** Resolves once the message is stored. After a failure send it again with the same clientId: it arrives once. */
export function send(conversationId: string, content: string, clientId: string) {
  return socket.emitWithAck('send_message', { conversationId, content, clientId });
}

socket.on('session:ready', ({ userId }: { userId: string }) => (me = userId));
socket.on('message:new', ({ message }: { message: Message }) => {
  if (message.senderId === me) return;
  if (message.conversationId === active) socket.emit('mark_read', { conversationId: active, seq: message.seq });
  else unread[message.conversationId] = (unread[message.conversationId] ?? 0) + 1;
});
