// A bot in 43 lines:  PARLEY_KEY=pk_… PARLEY_BOT=<user id> node examples/bot/bot.mjs [server]
// The key needs conversations:read and messages:write; docs/integrations.md says how to make it and the bot.
import { createHash } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { io } from 'socket.io-client';

const { PARLEY_KEY: token, PARLEY_BOT: actAs } = process.env;
const [url = 'http://localhost:3000'] = process.argv.slice(2);
const socket = io(url, { auth: { token, actAs }, transports: ['websocket'] });
let cursor; // up to where everything is answered, also what came while the bot was away

// The same for the same message: an answer that is sent again, after whatever crash, is stored once.
const answerId = (id) =>
  createHash('sha256')
    .update(id)
    .digest('hex')
    .replace(/^(.{8})(.{4}).(.{3}).(.{3})(.{12}).*/, '$1-$2-8$3-8$4-$5');
// What is refused for a while is asked again.
const ask = async (event, payload) => {
  const { data, error } = await socket.emitWithAck(event, payload);
  if (!['RATE_LIMITED', 'OVERLOADED', 'UNAVAILABLE'].includes(error?.code)) return data;
  await pause(error.retryAfterMs ?? 1_000);
  return ask(event, payload);
};
const answer = async ({ id, senderId, conversationId, content, deletedAt }) => {
  if (senderId === actAs || deletedAt !== null || !content?.startsWith('/echo ')) return;
  await ask('send_message', { conversationId, content: content.slice(6), clientId: answerId(id), replyToId: id });
};
const catchUp = async () => {
  const data = await ask('sync', { cursor });
  if (data === undefined) return;
  for (const message of data.messages ?? []) if (cursor !== undefined) await answer(message);
  cursor = data.reset ? undefined : data.cursor;
  if (data.reset || data.hasMore) await catchUp();
};
// A connection that is lost meanwhile: the next one does it again.
for (const event of ['session:ready', 'sync:needed']) socket.on(event, () => catchUp().catch(() => undefined));
socket.on('message:new', ({ message }) => answer(message).catch(() => undefined));
socket.on('connect', () => console.log('* connected'));
// What the server ends or refuses Socket.IO's client does not try again by itself: a restart, a suspension that ends.
const again = () => socket.active || setTimeout(() => socket.connect(), 5_000);
socket.on('disconnect', again);
socket.on('connect_error', ({ message }) => (console.log(`* not connected: ${message}`), again()));
