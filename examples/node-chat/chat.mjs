// A chat in the terminal:  node examples/node-chat/chat.mjs <username> [server] [password]
// All it needs is socket.io-client, which `npm ci` in the root of this repository installs.
import { randomUUID } from 'node:crypto';
import { clearLine, cursorTo } from 'node:readline';
import { createInterface } from 'node:readline/promises';
import { Writable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { io } from 'socket.io-client';

const HELP = '/add <username>   /accept   /friends   /chat <username>   /quit   anything else is sent';
const [username = '', server = 'http://localhost:3000', passwordArgument] = process.argv.slice(2);
if (username === '') quit('usage: node chat.mjs <username> [server] [password]', 1);

const conversations = new Map(); // id → { id, name, seen, unread }; seen: the last seq known here, none missing before it
const names = new Map(); // user id → username
const outbox = []; // payloads of send_message that are not acknowledged yet, in the order they were typed
let tokens, myId, current, isFlushing, inputEnded;

// The terminal --------------------------------------------------------------------------------------------------------
let isHidden = false;
const output = new Writable({ write: (chunk, _, done) => (isHidden ? done() : process.stdout.write(chunk, done)) });
const terminal = createInterface({ input: process.stdin, output, terminal: process.stdin.isTTY === true, prompt: '' });
terminal.on('line', (line) => inTurn(() => command(line.trim())));
terminal.on('close', () => inTurn(() => ((inputEnded = true), flush())));

function say(text) {
  if (process.stdin.isTTY) (clearLine(process.stdout, 0), cursorTo(process.stdout, 0));
  console.log(text.replace(/\p{Cc}/gu, ' ')); // What others write must not steer this terminal.
  if (process.stdin.isTTY) terminal.prompt(true);
}

async function askPassword() {
  process.stdout.write('password: ');
  isHidden = true;
  const answer = await terminal.question('');
  isHidden = false;
  say('');
  return answer;
}

function quit(reason, status = 0) {
  console.log(outbox.length > 0 ? `${reason} (${outbox.length} not sent)` : reason);
  process.exit(status);
}

/** One thing after the other: what is typed and what arrives never overtake each other. */
let turn = Promise.resolve();
function inTurn(work) {
  turn = turn.then(work).catch((error) => say(`! ${error.message}`));
}

// REST: the first fetch, and everything that is not live --------------------------------------------------------------
async function api(method, path, body) {
  const headers = { 'content-type': 'application/json', authorization: `Bearer ${tokens?.accessToken}` };
  const response = await fetch(server + path, { method, headers, body: JSON.stringify(body) });
  const answer = response.status === 204 ? undefined : await response.json();
  if (response.ok) return answer;
  if (answer.code === 'TOKEN_EXPIRED') return renewTokens().then(() => api(method, path, body));
  throw Object.assign(new Error(Object.values(answer.errors ?? {}).flat()[0] ?? answer.detail), { code: answer.code });
}

async function logIn() {
  tokens = await api('POST', '/auth/login', { username, password }).catch((error) => {
    if (error.code !== 'INVALID_CREDENTIALS') throw error;
    return api('POST', '/auth/register', { username, password, email: `${username}@example.com` });
  });
}

async function renewTokens() {
  const { refreshToken } = tokens;
  tokens = await api('POST', '/auth/refresh', { refreshToken }).catch((error) => {
    if (!/^REFRESH_TOKEN/.test(error.code)) throw error;
    return api('POST', '/auth/login', { username, password });
  });
}

async function userNamed(name = '') {
  const { items } = await api('GET', `/users?search=${encodeURIComponent(name)}`);
  const user = items.find((candidate) => candidate.username === name.toLowerCase());
  if (user === undefined) throw new Error(`there is nobody called ${name}`);
  return user;
}

// What is typed -------------------------------------------------------------------------------------------------------
async function command(line) {
  const [word, name] = line.split(/\s+/);
  if (word === '/quit') quit('bye');
  else if (word === '/add') {
    await api('POST', '/friends/requests', { userId: (await userNamed(name)).id });
    say(`* asked ${name}`);
  } else if (word === '/accept') {
    const { items } = await api('GET', '/friends/requests?direction=incoming&status=PENDING');
    for (const { id } of items) await api('POST', `/friends/requests/${id}/accept`);
    if (items.length === 0) say('* nobody asks');
  } else if (word === '/friends') {
    const { items } = await api('GET', '/friends');
    say(`* friends: ${items.map((user) => user.username + (user.isOnline ? ' (online)' : '')).join(', ') || 'none yet'}`);
  } else if (word === '/chat') await openConversation(await userNamed(name));
  else if (line.startsWith('/') || (line !== '' && current === undefined)) say(HELP);
  else if (line !== '') {
    outbox.push({ conversationId: current.id, content: line, clientId: randomUUID() });
    flush();
  }
}

async function openConversation(user) {
  const { id, me } = await api('POST', '/conversations', { userId: user.id });
  await learn(id);
  const { items } = await api('GET', `/conversations/${id}/messages?limit=20`);
  current = conversations.get(id);
  say(`--- ${current.name} ---`);
  for (const message of items) show(message, message.seq > me.lastReadSeq ? '* ' : '');
}

/** Sends what waits. Only an answer takes a line out; sent again with its clientId, it is never stored twice. */
async function flush() {
  if (isFlushing) return;
  isFlushing = true;
  while (outbox.length > 0 && socket.connected) {
    const answer = await socket.timeout(10_000).emitWithAck('send_message', outbox[0]).catch(() => undefined);
    if (answer?.error?.retryAfterMs !== undefined) await sleep(answer.error.retryAfterMs);
    else if (answer !== undefined) {
      outbox.shift();
      inTurn(() => (answer.ok ? receive(answer.data.message) : say(`! not sent: ${answer.error.message}`)));
    }
  }
  isFlushing = false;
  if (inputEnded && outbox.length === 0) inTurn(() => quit('bye'));
}

// What arrives --------------------------------------------------------------------------------------------------------
async function learn(conversationId) {
  const { id, title, members, me, lastSeq } = await api('GET', `/conversations/${conversationId}`);
  for (const { user } of members) names.set(user.id, user.username);
  const name = title ?? members.find(({ user }) => user.id !== myId)?.user.username;
  conversations.set(id, Object.assign(conversations.get(id) ?? { id, name, seen: lastSeq }, { unread: me.unreadCount }));
}

async function receive(message) {
  const { conversationId, seq, senderId, content } = message;
  if (!conversations.has(conversationId)) conversations.set(conversationId, { id: conversationId, seen: seq - 1, unread: 0 });
  const conversation = conversations.get(conversationId);
}
