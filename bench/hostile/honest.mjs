// Honest pairs, in a process of their own: they send at a walking pace, all the time, whatever is done to the server.
// Each message counts from the moment it was due to its delivery at the other side; one that never arrives counts for ever.
import { randomUUID } from 'node:crypto';
import { Connection, quantile, request, sleep } from './client.mjs';

const WAIT_TIMEOUT_MS = 10_000;
const task = await new Promise((resolve) => process.once('message', resolve));
let phase = 'warm';
let isOver = false;
const messages = new Map();
const refusals = {};
process.on('message', (message) => {
  if (message.phase !== undefined) phase = message.phase;
  if (message.end === true) isOver = true;
});

const people = task.pairs.flatMap(({ first, second, conversationId }) => [
  { ...first, conversationId },
  { ...second, conversationId },
]);
await Promise.all(people.map(stayConnected));
process.send('ready');
const began = performance.now();
const step = 1_000 / task.perSecond;
for (let number = 0; !isOver; number += 1) {
  const due = began + number * step;
  const wait = due - performance.now();
  if (wait > 0) await sleep(wait);
  void send(people[number % people.length], due);
}
const until = performance.now() + WAIT_TIMEOUT_MS;
while (performance.now() < until && [...messages.values()].some(({ arrived, isSettled }) => !arrived || !isSettled))
  await sleep(50);
const result = { phases: {}, refusals, ...(await compare()) };
for (const name of new Set([...messages.values()].map((message) => message.phase))) {
  const ofPhase = [...messages.values()].filter((message) => message.phase === name);
  const times = ofPhase.map(({ due, arrived }) => (arrived ?? Number.POSITIVE_INFINITY) - due);
  result.phases[name] = {
    count: times.length,
    p50: String(quantile(times, 0.5)),
    p95: String(quantile(times, 0.95)),
    worst: String(Math.max(...times)),
    undelivered: times.filter((time) => time === Number.POSITIVE_INFINITY).length,
  };
}
process.stdout.write(JSON.stringify(result), () => process.exit(0));

/** Comes back whenever the connection is lost; resolves with the first one. */
async function stayConnected(person) {
  const connect = async () => {
    for (;;) {
      const connection = new Connection(
        task.url,
        { token: person.token },
        {
          onEvent(event, payload) {
            if (event !== 'message:new' || payload.message.senderId === person.id) return;
            const message = messages.get(payload.message.clientId);
            if (message !== undefined) message.arrived ??= performance.now();
          },
          onClose: () => isOver || setTimeout(() => void connect(), 200),
        },
      );
      person.connection = connection;
      try {
        return await connection.ready;
      } catch {
        return undefined; // onClose has seen to it.
      }
    }
  };
  await connect();
}

async function send(person, due) {
  const clientId = randomUUID();
  const message = { due, phase, person, clientId };
  messages.set(clientId, message);
  const answer = await person.connection.ask('send_message', {
    conversationId: person.conversationId,
    clientId,
    content: `honest ${messages.size}`,
  });
  message.isSettled = true;
  if (answer.ok) message.acknowledged = answer.data.message;
  else refusals[answer.error.code] = (refusals[answer.error.code] ?? 0) + 1;
}

/** What was acknowledged against what is there. */
async function compare() {
  const stored = new Map();
  for (const { first, conversationId } of task.pairs) {
    for (let after = 0, hasAfter = true; hasAfter; ) {
      const path = `/conversations/${conversationId}/messages?limit=100&after=${after}`;
      const { status, body } = await request(task.url, 'GET', path, { token: first.token });
      if (status !== 200) return { acknowledged: 'not to be compared', lost: `history answers ${status}` };
      for (const item of body.items) stored.set(item.clientId, item);
      after = body.items.at(-1)?.seq ?? after;
      ({ hasAfter } = body);
    }
  }
  const acknowledged = [...messages.values()].filter((message) => message.acknowledged !== undefined);
  const lost = acknowledged.filter(
    ({ clientId, acknowledged: { id, seq, content } }) =>
      stored.get(clientId)?.id !== id || stored.get(clientId)?.seq !== seq || stored.get(clientId)?.content !== content,
  );
  return { acknowledged: acknowledged.length, lost: lost.length };
}
