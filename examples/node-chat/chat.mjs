// A chat in the terminal:  node examples/node-chat/chat.mjs <username> [server] [password]
// All it needs is socket.io-client, which `npm ci` in the root of this repository installs.
import { randomUUID } from 'node:crypto';
import { createInterface } from 'node:readline/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { io } from 'socket.io-client';
import { Account } from './account.mjs';

const HELP = '/add <username>  /accept  /friends  /chat <username>  /quit  in a chat, any other line is sent';
const [username, server = 'http://localhost:3000', passwordArgument] = process.argv.slice(2);
if (username === undefined) throw new Error('usage: node chat.mjs <username> [server] [password]');

const names = new Map(); // user id → username
const outbox = []; // what was typed and has no answer yet, in order
let myId, isFlushing;
let cursor; // up to where everything is known, of all conversations
let heard = 0; // messages since then: live events do not move the cursor
let current; // the open conversation: { id, seen }, where `seen` is the last sequence number shown

const terminal = createInterface({ input: process.stdin, output: process.stdout });
terminal.on('line', (line) => inTurn(() => command(line.trim())));
terminal.on('close', () => inTurn(() => void flush()));
const account = new Account(server);
const auth = (give) => give({ token: account.accessToken });
const socket = io(server, { autoConnect: false, ackTimeout: 10_000, auth });
// One thing after the other, logging in first: what is typed and what arrives never overtake each other.
let turn = start().catch((error) => quit(`! ${error.message}`));
function inTurn(work) {
  turn = turn.then(work).catch((error) => say(`! ${error.message}`));
}
function say(text) {
  console.log(text.replace(/\p{Cc}/gu, ' ')); // What others write must not steer this terminal.
}
function quit(reason) {
  say(outbox.length > 0 ? `${reason} (${outbox.length} not sent)` : reason);
  process.exit(reason === 'bye' ? 0 : 1);
}

async function start() {
  const password = passwordArgument ?? process.env.PARLEY_PASSWORD ?? (await terminal.question('password (visible): '));
  myId = (await account.logIn(username, password)).id;
  socket.connect();
}

async function command(line) {
  const [word, name] = line.split(/\s+/);
  if (word === '/quit') quit('bye');
  else if (word === '/add') await account.call('POST', '/friends/requests', { userId: await userIdOf(name) });
  else if (word === '/accept') {
    const requests = await account.list('/friends/requests?direction=incoming&status=PENDING');
    for (const { id } of requests) await account.call('POST', `/friends/requests/${id}/accept`);
  } else if (word === '/friends') {
    for (const user of await account.list('/friends'))
      say(`* ${user.username} is ${user.isOnline ? 'online' : 'offline'}`);
  } else if (word === '/chat') await openConversation(await userIdOf(name));
  else if (line.startsWith('/') || current === undefined) say(HELP);
  else if (line !== '') {
    outbox.push({ conversationId: current.id, content: line, clientId: randomUUID() });
    void flush();
  }
}

async function userIdOf(name = '') {
  const found = await account.list(`/users?search=${encodeURIComponent(name)}`);
  const user = found.find((candidate) => candidate.username === name.toLowerCase());
  return user?.id ?? Promise.reject(new Error(`there is nobody called ${name}`));
}

/** Shows the newest messages; a star marks those that were unread. */
async function openConversation(userId) {
  const { id, members, me } = await account.call('POST', '/conversations', { userId });
  const messages = await account.list(`/conversations/${id}/messages?limit=20`);
  for (const { user } of members) names.set(user.id, user.username);
  current = { id, seen: 0 };
  say(`--- ${names.get(userId)} ---`);
  for (const message of messages) show(message, message.seq > me.lastReadSeq ? '* ' : '');
}

/** Sends what waits. Only an answer takes a line out; sent again with the same clientId, it is never stored twice. */
async function flush() {
  if (isFlushing) return;
  isFlushing = true;
  while (outbox.length > 0 && socket.connected) {
    const answer = await socket.emitWithAck('send_message', outbox[0]).catch(() => undefined);
    if (answer?.error?.retryAfterMs !== undefined) await sleep(answer.error.retryAfterMs);
    else if (answer !== undefined) {
      outbox.shift();
      inTurn(() => (answer.ok ? receive(answer.data.message) : say(`! not sent: ${answer.error.message}`)));
    }
  }
  isFlushing = false;
  if (terminal.closed && outbox.length === 0) inTurn(() => quit('bye'));
}

async function receive(message) {
  if (message.conversationId === current?.id) {
    if (message.seq === current.seen + 1) show(message);
    else if (message.seq > current.seen) await catchUp(); // Some are missing. (One's own come twice: answer and event.)
  } else if (message.senderId !== myId) await sayUnread();
}

function show({ senderId, content, seq }, mark = '') {
  say(`${mark}${senderId === myId ? 'you' : names.get(senderId)}: ${content ?? '(deleted)'}`);
  current.seen = seq;
  if (senderId !== myId) socket.emit('mark_read', { conversationId: current.id, seq });
}

async function sayUnread() {
  for (const { id, title, members, me } of await account.list('/conversations')) {
    const name = title ?? members.find(({ user }) => user.id !== myId)?.user.username;
    if (me.unreadCount > 0 && id !== current?.id) say(`* ${me.unreadCount} unread from ${name}: /chat ${name}`);
  }
}

/** Shows what follows the last message shown. */
async function catchUp() {
  if (current === undefined) return;
  const { items, hasAfter } = await account.call('GET', `/conversations/${current.id}/messages?after=${current.seen}`);
  for (const message of items) show(message);
  if (hasAfter) await catchUp();
}

/** What was missed in any conversation. What was heard live comes again, so ask before that is much. */
async function moveOn() {
  const before = cursor;
  for (let hasMore = true; hasMore; ) {
    const answer = await socket.emitWithAck('sync', { cursor });
    if (!answer.ok) return; // Asked again with the next connection, or 50 messages later.
    ({ cursor, hasMore } = answer.data.reset ? { cursor: undefined, hasMore: true } : answer.data);
  }
  heard = 0;
  if (before !== undefined && before !== cursor) await catchUp();
}

/** Comes back with a new token, as soon as there is a server. */
async function comeBack() {
  await sleep(1_000);
  const error = await account.renew().catch((reason) => reason);
  if (error === undefined) socket.connect();
  else if (error.code?.startsWith('REFRESH')) quit(`! ${error.message}`);
  else await comeBack();
}

async function renewConnection() {
  await account.renew();
  socket.emit('authenticate', { token: account.accessToken });
}

socket.on('session:ready', ({ syncCursor }) => {
  cursor ??= syncCursor;
  inTurn(() => say(`* connected as ${username}`));
  inTurn(sayUnread);
  inTurn(catchUp);
  inTurn(moveOn);
  void flush();
});
socket.on('session:expiring', () => inTurn(renewConnection));
socket.on('session:ended', ({ code, retry }) => retry || quit(`! the server ended this session: ${code}`));
socket.on('message:new', ({ message }) => {
  inTurn(() => receive(message));
  if ((heard += 1) % 50 === 0) inTurn(moveOn);
});
socket.on('friend:request_sent', ({ user }) => say(`* ${user.username} asks to be your friend: /accept`));
socket.on('friend:request_accepted', ({ user }) => say(`* ${user.username} is your friend: /chat ${user.username}`));
socket.on('connect_error', () => socket.active || comeBack()); // Active: it was not reached, and tries again by itself.
socket.on('disconnect', (reason) => {
  say('* connection lost; what you type is sent when it is back');
  if (reason === 'io server disconnect') void comeBack();
});
