// A chat in the terminal:  node examples/node-chat/chat.mjs <username> [server] [password]
// Tokens, connection, outbox and order are the business of @parley/client, which `npm start` has built (or `npm run build -w client`).
// What was typed and not sent, and what was read, is kept in files: the next start goes on there.
import { homedir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline/promises';
import { createClient } from '@parley/client';
import { fileStorage } from '@parley/client/storage/file';

const HELP = '/add <username>  /accept  /friends  /chat <username>  /quit  in a chat, any other line is sent';
const [username, url = 'http://localhost:3000', passwordArgument] = process.argv.slice(2);
if (username === undefined) throw new Error('usage: node chat.mjs <username> [server] [password]');

const folder = process.env.PARLEY_CHAT_FOLDER ?? join(homedir(), '.parley-chat');
const client = createClient({ url, storage: fileStorage(folder) });
const { conversations, connection, friends, outbox, users } = client;
let open; // the open conversation: { id, messages, from, shown, unread, end }; sequence numbers are `shown` on screen, none below `from`
let isConnected = false;
const asked = new Set(); // users who asked for friendship, or were asked
const shown = new Set(); // what is printed once

const terminal = createInterface({ input: process.stdin, output: process.stdout });
const isMine = (userId) => userId === client.userId;
const nameOf = (userId) => users.get(userId).getSnapshot()?.username;
function print(text) {
  console.log(text.replace(/\p{Cc}/gu, ' ')); // What others write must not steer this terminal.
}
function printOnce(key, text) {
  if (!shown.has(key)) print(text);
  shown.add(key);
}
/** What was wrong with each field, or with the files of this chat, is shown nowhere but there. */
const reasonOf = ({ message, errors, code, cause }) =>
  Object.values(errors ?? {}).join(', ') || (code === 'STORAGE' && cause?.message) || message;
function quit(reason) {
  print(outbox.items.length > 0 ? `${reason} (${outbox.items.length} not sent: kept for the next time)` : reason);
  process.exit(reason === 'bye' ? 0 : 1);
}

async function start() {
  const password = passwordArgument ?? process.env.PARLEY_PASSWORD ?? (await terminal.question('password (visible): '));
  await client.login({ username, password }).catch((error) => {
    // A user who is not known yet is registered.
    if (error.code !== 'INVALID_CREDENTIALS') throw error;
    return client.register({ username, password, email: `${username}@example.com` }).catch((refusal) => {
      throw refusal.code?.endsWith('_TAKEN') ? error : refusal; // A known user has another password.
    });
  });
  for (const part of [connection, conversations, friends, friends.requests]) part.subscribe(showNews);
  showNews();
}

async function command(line) {
  const [word, name] = line.split(/\s+/);
  if (word === '/quit') quit('bye');
  else if (word === '/add') {
    const { id } = await find(name);
    asked.add(id);
    await friends.request(id);
  } else if (word === '/accept') {
    for (const { id, senderId } of friends.requests.items) if (!isMine(senderId)) await friends.accept(id);
  } else if (word === '/friends') {
    for (const { id } of friends.items)
      print(`* ${nameOf(id)} is ${client.presence(id).getSnapshot()?.isOnline ? 'online' : 'offline'}`);
  } else if (word === '/chat') await openWith(await find(name));
  else if (line.startsWith('/') || open === undefined) print(HELP);
  // Sent when it can be, once and in order; kept before the next line is read, which may be /quit.
  else if (line !== '') await client.send({ conversationId: open.id, content: line }).stored;
}

async function find(name = '') {
  const user = (await users.search(name)).items.find((candidate) => candidate.username === name.toLowerCase());
  return user ?? Promise.reject(new Error(`there is nobody called ${name}`));
}

async function openWith(user) {
  open?.end();
  const { id, me, lastSeq } = await conversations.openDirect(user.id);
  const messages = client.messages(id);
  print(`--- ${user.username} ---`);
  open = { id, messages, from: undefined, shown: new Set(), unread: [me.lastReadSeq, lastSeq] };
  open.end = messages.subscribe(showMessages);
  showMessages();
}

/** What is new in the open conversation; a star marks what was unread when it was opened. */
function showMessages() {
  const { items, isLoading } = open.messages.getSnapshot();
  if (isLoading) return;
  const [after, upTo] = open.unread;
  open.from ??= items.find(({ seq }) => seq !== null)?.seq ?? 0;
  for (const { seq, senderId, content, clientId, error } of items) {
    if (error !== undefined) printOnce(`${clientId} ${error.code}`, `! not sent: ${reasonOf(error)}`);
    // One of somebody else may come behind one's own that has a higher number.
    if (seq === null || seq < open.from || open.shown.has(seq)) continue;
    const mark = !isMine(senderId) && seq > after && seq <= upTo ? '* ' : '';
    print(`${mark}${isMine(senderId) ? 'you' : nameOf(senderId)}: ${content ?? '(deleted)'}`);
    open.shown.add(seq);
  }
  void client.markRead(open.id);
}

/** What has changed elsewhere. */
function showNews() {
  const { status, code } = connection.getSnapshot();
  if (status === 'ended') quit(`! the server ended this session: ${code}`);
  if (status === 'live' && !isConnected) print(`* connected as ${username}`);
  if (status === 'waiting' && isConnected) print('* connection lost; what you type is sent when it is back');
  isConnected = status === 'live' || (isConnected && status !== 'waiting');
  for (const { id, senderId, receiverId } of friends.requests.items) {
    asked.add(isMine(senderId) ? receiverId : senderId);
    if (!isMine(senderId)) printOnce(id, `* ${nameOf(senderId)} asks to be your friend: /accept`);
  }
  for (const { id } of friends.items)
    if (asked.delete(id)) print(`* ${nameOf(id)} is your friend: /chat ${nameOf(id)}`);
  for (const { id, title, members, lastSeq, me } of conversations.items) {
    const name = title ?? members.find(({ user }) => !isMine(user.id))?.user.username;
    if (me.unreadCount > 0 && id !== open?.id)
      printOnce(`${id} ${lastSeq}`, `* ${me.unreadCount} unread from ${name}: /chat ${name}`);
  }
}

// Each line waits for those before it, and for the log-in: they may come all at once, from a file or another program.
let done = start().catch((error) => quit(`! ${error.code === 'NETWORK' ? `${url}: ` : ''}${reasonOf(error)}`));
terminal.on('line', (line) => {
  done = done.then(() => command(line.trim())).catch((error) => print(`! ${reasonOf(error)}`));
});
terminal.on('close', () => {
  const quitWhenSent = () => outbox.items.length === 0 && quit('bye');
  void done.then(() => {
    outbox.subscribe(quitWhenSent);
    quitWhenSent();
  });
});
