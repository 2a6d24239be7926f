// The load, in a process of its own: raw Socket.IO frames over WebSockets, so that it costs little beside what it measures.
// Is sent its task as a message, prints what it saw as JSON.
import { createRequire } from 'node:module';

const { WebSocket } = createRequire(createRequire(import.meta.url).resolve('engine.io'))('ws');
const task = await new Promise((resolve) => process.once('message', resolve));
const content = 'x'.repeat(100);
const WARM_UP_SECONDS = 1.5;
const sleep = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));

/** One connection; resolves once it is ready. `receive` is called with every frame. */
function open(user, receive = () => {}) {
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(`${task.url.replace('http', 'ws')}/socket.io/?EIO=4&transport=websocket`, {
      perMessageDeflate: false,
    });
    socket.on('error', reject);
    socket.on('message', (raw) => {
      const frame = raw.toString();
      if (frame === '2') socket.send('3');
      else if (frame[0] === '0')
        socket.send(
          `40${JSON.stringify({ token: user.token, userId: user.id, rooms: user.rooms, active: task.isActive })}`,
        );
      else if (frame.startsWith('42["session:ready"')) resolve(socket);
      else if (frame.startsWith('44')) reject(new Error(frame));
      else receive(frame);
    });
  });
}

const quantile = (values, part) =>
  values.sort((a, b) => a - b)[Math.min(values.length - 1, Math.floor(values.length * part))] ?? 0;

const tasks = {
  /** As many as go through: each socket keeps `inFlight` messages unacknowledged. */
  async throughput({ users, inFlight, seconds }) {
    let acknowledged = 0;
    let delivered = 0;
    let isOver = false;
    const starts = await Promise.all(
      users.map(async (user) => {
        let number = 0;
        const send = () =>
          socket.send(`42${(number += 1)}["send_message",{"conversationId":"${user.room}","content":"${content}"}]`);
        const socket = await open(user, (frame) => {
          if (frame.startsWith('43')) {
            if (!frame.includes('"ok":true')) throw new Error(frame);
            acknowledged += 1;
            if (!isOver) send();
          } else if (frame.startsWith('42["message:new"')) delivered += 1;
        });
        return () => Array.from({ length: inFlight }, send);
      }),
    );
    for (const start of starts) start();
    await sleep(WARM_UP_SECONDS * 1_000);
    process.send?.('measuring');
    const before = [acknowledged, delivered, performance.now()];
    await sleep(seconds * 1_000);
    const spent = (performance.now() - before[2]) / 1_000;
    const result = {
      perSecond: (acknowledged - before[0]) / spent,
      messages: acknowledged - before[0],
      deliveries: delivered - before[1],
    };
    process.send?.('measured');
    isOver = true;
    return result;
  },

  /** A given rate, whether the server keeps up or not; milliseconds from the intended send to the delivery at the other side. */
  async latency({ users, perSecond, seconds }) {
    const times = [];
    const sockets = await Promise.all(
      users.map((user) =>
        open(user, (frame) => {
          const at = /"content":"t(\d+\.\d+) /.exec(frame)?.[1];
          if (frame.startsWith('42["message:new"') && at !== undefined && !frame.includes(`"senderId":"${user.id}"`)) {
            times.push(performance.now() - Number(at));
          }
        }),
      ),
    );
    const began = performance.now();
    let sent = 0;
    let sentBefore;
    while (performance.now() - began < (WARM_UP_SECONDS + seconds) * 1_000) {
      if (sentBefore === undefined && performance.now() - began >= WARM_UP_SECONDS * 1_000) {
        // What both sides compile, and what piles up meanwhile, is not what a message takes.
        times.length = 0;
        sentBefore = sent;
        process.send?.('measuring');
      }
      const due = Math.floor(((performance.now() - began) / 1_000) * perSecond);
      for (; sent < due; sent += 1) {
        const which = sent % users.length;
        const intended = began + (sent / perSecond) * 1_000;
        sockets[which].send(
          `42${sent}["send_message",{"conversationId":"${users[which].room}","content":"t${intended.toFixed(3)} ${content}"}]`,
        );
      }
      await sleep(1);
    }
    await sleep(500);
    process.send?.('measured');
    const [p50, p95, p99, max] = [0.5, 0.95, 0.99, 1].map((part) => quantile(times, part));
    return { p50, p95, p99, max, messages: sent - sentBefore };
  },

  /** One message at a time on an idle server: milliseconds from send to delivery. */
  async alone({ users: [sender, receiver], messages }) {
    let arrived = () => {};
    await open(receiver, (frame) => frame.startsWith('42["message:new"') && arrived());
    const socket = await open(sender);
    const times = [];
    for (let number = 0; number < messages; number += 1) {
      const began = performance.now();
      const arrival = new Promise((resolve) => (arrived = resolve));
      socket.send(`42${number}["send_message",{"conversationId":"${sender.room}","content":"${content}"}]`);
      await arrival;
      times.push(performance.now() - began);
    }
    return { p50: quantile(times.slice(20), 0.5) };
  },

  /** Connects all and keeps them, until it is asked to end. */
  async idle({ users }) {
    const queue = [...users];
    await Promise.all(
      Array.from({ length: 32 }, async () => {
        for (let user = queue.pop(); user !== undefined; user = queue.pop()) await open(user);
      }),
    );
    process.send?.('connected');
    await new Promise((resolve) => process.once('message', resolve));
    return {};
  },

  /** One sender, everybody in one room: deliveries per second. */
  async fanout({ users, seconds }) {
    let delivered = 0;
    const receive = (frame) => frame.startsWith('42["message:new"') && (delivered += 1);
    const [sender] = users;
    let number = 0;
    const send = () =>
      socket.send(`42${(number += 1)}["send_message",{"conversationId":"${sender.room}","content":"${content}"}]`);
    const socket = await open(sender, (frame) => (frame.startsWith('43') ? send() : receive(frame)));
    const queue = users.slice(1);
    await Promise.all(
      Array.from({ length: 32 }, async () => {
        for (let user = queue.pop(); user !== undefined; user = queue.pop()) await open(user, receive);
      }),
    );
    for (let first = 0; first < 4; first += 1) send();
    await sleep(1_000);
    const before = [delivered, performance.now()];
    await sleep(seconds * 1_000);
    return { perSecond: (delivered - before[0]) / ((performance.now() - before[1]) / 1_000) };
  },
};

const result = await tasks[task.kind](task);
process.stdout.write(JSON.stringify(result), () => process.exit(0));
