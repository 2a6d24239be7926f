// npm run seed [-- --url=http://localhost:3000] [-- --force]: two people, a group and a history to look at. Uses the server
// that runs there; where none does, starts one on the same data for as long as it takes. Run again, it adds nothing twice.
import { createHash } from 'node:crypto';
import process from 'node:process';
import { setTimeout as sleep } from 'node:timers/promises';
import { isProduction, prepare } from './prepare.mjs';

const PASSWORD = 'look around';
const GROUP = 'Trip to Lisbon';
const PEOPLE = [
  { username: 'ada', displayName: 'Ada Lovelace' },
  { username: 'grace', displayName: 'Grace Hopper' },
];
const DIRECT = [
  ['ada', 'Hello Grace! Did you get home well?'],
  ['grace', 'I did, thank you. The train was only two hours late.'],
  ['ada', 'Only two hours, that is nearly early.'],
  ['grace', 'I read your notes on the way. Page seven has a mistake, I think.'],
  ['ada', 'Which one? I checked page seven three times.'],
  ['grace', 'The one with the moth. Look at the drawing: it has five legs.'],
  ['ada', 'It lost one on the way in. 🦋'],
  ['grace', 'Then it is not a mistake but documentation.'],
];
const TOGETHER = [
  ['ada', 'So, Lisbon. Who looks for a place to stay?'],
  ['grace', 'I do. Near the river?'],
  ['ada', 'Near the river, and with a table that is large enough for two machines.'],
  ['grace', 'Found one: https://example.com/a-flat-by-the-river'],
  ['ada', 'That is lovely. Take it!'],
  ['grace', 'Done. Friday to Tuesday. 🎉'],
];

// An embedded PostgreSQL that this started ends with it.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.once(signal, () => process.exit(1));
const option = (name) => process.argv.find((word) => word.startsWith(`--${name}=`))?.slice(name.length + 3);
const isForced = process.argv.includes('--force');
let server;
try {
  if (isProduction) refuseProduction();
  const url = option('url') ?? `http://127.0.0.1:${process.env.PORT ?? 3000}`;
  const running = await fetch(`${url}/health/live`, { signal: AbortSignal.timeout(2_000) }).catch(() => undefined);
  // Production, and nothing else, sends this.
  if (running?.headers.has('strict-transport-security')) refuseProduction();
  if (running === undefined && option('url') !== undefined) throw new Error(`no server answers at ${url}`);
  if (running === undefined) server = await startOwn();
  await seed(server?.url ?? url);
} catch (error) {
  console.error(error.message);
  process.exitCode = 1;
} finally {
  await server?.stop();
}

function refuseProduction() {
  if (!isForced)
    throw new Error(
      'this is production, where nobody wants accounts whose passwords are known: --force does it all the same',
    );
}

async function startOwn() {
  await prepare({ serverOnly: true });
  const [{ Configuration }, { startServer }] = await Promise.all([
    import('../dist/config/configuration.js'),
    import('../dist/server.js'),
  ]);
  const environment = {
    ...process.env,
    PORT: '0',
    HOST: '127.0.0.1',
    RATE_LIMITS: 'off',
    LOG_LEVEL: 'error',
    EMAIL_VERIFICATION: 'off',
  };
  // As an operator's process: a server may run on this data under another port, and what is leased there is that server's.
  return startServer(new Configuration({ ...Configuration.fromEnvironment(environment), isOperator: true }));
}

async function seed(url) {
  const [ada, grace] = [await person(url, PEOPLE[0]), await person(url, PEOPLE[1])];
  const friends = await ada.call('GET', '/friends');
  if (!friends.items.some((item) => (item.user ?? item).id === grace.id)) await befriend(ada, grace);
  const direct = await ada.call('POST', '/conversations', { userId: grace.id });
  const { items } = await ada.call('GET', '/conversations?limit=100');
  const group =
    items.find(({ type, title }) => type === 'GROUP' && title === GROUP) ??
    (await ada.call('POST', '/conversations', { type: 'GROUP', title: GROUP, memberIds: [grace.id] }));
  for (const [conversation, history] of [
    [direct, DIRECT],
    [group, TOGETHER],
  ]) {
    for (const [index, [name, content]] of history.entries()) {
      const sender = name === 'ada' ? ada : grace;
      const clientId = idOf(`${conversation.id} ${index}`);
      const message = await sender.call('POST', `/conversations/${conversation.id}/messages`, { content, clientId });
      if (index === history.length - 1) {
        const other = sender === ada ? grace : ada;
        await other.call('PUT', `/messages/${message.id}/reactions/${encodeURIComponent('❤️')}`);
      }
    }
  }
  console.log(`Two people, friends, with a conversation and the group "${GROUP}"; log in at POST /auth/login as`);
  for (const { username } of PEOPLE) console.log(`  username ${username.padEnd(6)} password ${PASSWORD}`);
  console.log(
    `for example: node examples/node-chat/chat.mjs ada ${server === undefined ? url : 'http://localhost:3000'} '${PASSWORD}', and then /chat grace`,
  );
}

/** Logs in, or registers. */
async function person(url, { username, displayName }) {
  const known = await request(url, 'POST', '/auth/login', { username, password: PASSWORD });
  const { status, body } =
    known.status === 200
      ? known
      : await request(url, 'POST', '/auth/register', {
          username,
          displayName,
          email: `${username}@example.com`,
          password: PASSWORD,
        });
  if (status >= 300) throw new Error(`${username} can neither log in nor register: ${body.detail}`);
  if (body.accessToken === undefined)
    throw new Error(
      'this server verifies e-mail addresses, and these have none that can be read: EMAIL_VERIFICATION=off',
    );
  const call = async (method, path, content) => {
    for (;;) {
      const answer = await request(url, method, path, content, body.accessToken);
      if (answer.status < 300) return answer.body;
      if (answer.body.retryAfterMs === undefined) throw new Error(`${method} ${path} answered: ${answer.body.detail}`);
      await sleep(answer.body.retryAfterMs);
    }
  };
  return { id: (await call('GET', '/users/me')).id, call };
}

async function befriend(ada, grace) {
  const asked = await pendingRequest(ada, grace);
  if (asked !== undefined) await grace.call('POST', `/friends/requests/${asked.id}/accept`);
}

/** The request that waits, made now or by a run that was broken off. */
async function pendingRequest(ada, grace) {
  const { items } = await grace.call('GET', '/friends/requests?direction=incoming&status=PENDING');
  const waiting = items.find(({ senderId }) => senderId === ada.id);
  if (waiting !== undefined) return waiting;
  const made = await ada.call('POST', '/friends/requests', { userId: grace.id });
  return made.status === 'PENDING' ? made : undefined;
}

async function request(url, method, path, content, token) {
  const response = await fetch(url + path, {
    method,
    headers: {
      ...(content === undefined ? {} : { 'content-type': 'application/json' }),
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
    },
    ...(content === undefined ? {} : { body: JSON.stringify(content) }),
  });
  const text = await response.text();
  return { status: response.status, body: text === '' ? {} : JSON.parse(text) };
}

/** The same id for the same thing at every run. */
function idOf(text) {
  const digits = createHash('sha256').update(`parley seed ${text}`).digest('hex');
  return `${digits.slice(0, 8)}-${digits.slice(8, 12)}-4${digits.slice(13, 16)}-8${digits.slice(17, 20)}-${digits.slice(20, 32)}`;
}
