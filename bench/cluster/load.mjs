// The load, in a process of its own: raw Socket.IO frames, so that it costs little beside what it measures. Is sent its task as a
// message, prints what it saw as JSON. Senders and receivers are in this one process, so that one clock measures both.
import { quantile, sleep, WebSocket } from '../hostile/client.mjs';

const task = await new Promise((resolve) => process.once('message', resolve));
const filling = 'x'.repeat(90);
/** How long what was sent may take to arrive, after the last one was sent. */
const ARRIVAL_MS = 15_000;

/** One connection; resolves once it is ready. `receive` is called with every frame. */
function open({ url, token }, receive) {
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(`${url.replace('http', 'ws')}/socket.io/?EIO=4&transport=websocket`, {
      perMessageDeflate: false,
    });
    socket.on('error', reject);
    socket.on('close', () => reject(new Error('closed')));
    socket.on('message', (raw) => {
      const frame = raw.toString();
      if (frame === '2') socket.send('3');
      else if (frame[0] === '0') socket.send(`40${JSON.stringify({ token })}`);
      else if (frame.startsWith('42["session:ready"')) resolve(socket);
      else if (frame.startsWith('44')) reject(new Error(frame));
      else receive(frame);
    });
  });
}

const quantiles = (times) =>
  Object.fromEntries([0.5, 0.95, 0.99].map((part) => [`p${part * 100}`, quantile(times, part)]));

/**
 * Connections and what they have received of what was sent: `rooms` are conversations with the members that are connected, each
 * with the URL of its process. The first member of a room sends, and then the next one, in turn.
 */
class Hall {
  messages = [];
  acknowledged = 0;
  delivered = 0;
  doubled = 0;
  asked = 0;
  onAcknowledged = () => {};

  constructor(rooms) {
    this.rooms = rooms;
  }

  async connect() {
    for (const room of this.rooms)
      room.sockets = await Promise.all(
        room.members.map((member, place) =>
          open(member, (frame) => {
            if (frame.startsWith('43')) this.#acknowledge(frame, room);
            else if (frame.startsWith('42["message:new"')) this.#deliver(frame, place);
            else if (frame.startsWith('42["sync:needed"')) this.asked += 1;
          }),
        ),
      );
  }

  #acknowledge(frame, room) {
    if (!frame.includes('"ok":true')) throw new Error(frame);
    const number = Number(frame.slice(2, frame.indexOf('[')));
    this.acknowledged += 1;
    this.messages[number].acknowledgedAt = performance.now();
    this.onAcknowledged(room);
  }

  #deliver(frame, place) {
    const [, number] = /"content":"n(\d+) /.exec(frame) ?? [];
    if (number === undefined) return;
    const message = this.messages[number];
    this.delivered += 1;
    if (message.arrivals[place] !== undefined) this.doubled += 1;
    else message.arrivals[place] = performance.now();
  }

  send(room, due = performance.now(), phase) {
    room.turn = ((room.turn ?? -1) + 1) % (room.senders ?? room.members.length);
    const number = this.messages.length;
    this.messages.push({ room, from: room.turn, due, phase, acknowledgedAt: undefined, arrivals: [] });
    room.sockets[room.turn].send(
      `42${number}["send_message",{"conversationId":"${room.id}","content":"n${number} ${filling}"}]`,
    );
    return this.messages[number];
  }

  /** Deliveries that have not come. */
  get lost() {
    let lost = 0;
    for (const { room, arrivals } of this.messages)
      for (let place = 0; place < room.members.length; place += 1) if (arrivals[place] === undefined) lost += 1;
    return lost;
  }

  /** What these messages took to somebody else than who sent them, on the same process and on others. */
  times(messages) {
    const same = [];
    const cross = [];
    for (const { room, from, due, arrivals } of messages)
      for (const [place, { url }] of room.members.entries())
        if (place !== from)
          (url === room.members[from].url ? same : cross).push((arrivals[place] ?? Number.POSITIVE_INFINITY) - due);
    return { same: quantiles(same), cross: quantiles(cross) };
  }

  async arrive() {
    const until = performance.now() + ARRIVAL_MS;
    while (this.lost > 0 && performance.now() < until) await sleep(50);
  }
}

const tasks = {
  /** As many as go through: each room keeps `inFlight` messages unacknowledged. Measures after the first `warmUp` messages. */
  async full({ rooms, inFlight, warmUp, seconds }) {
    const hall = new Hall(rooms);
    await hall.connect();
    let isOver = false;
    hall.onAcknowledged = (room) => isOver || hall.send(room);
    for (const room of rooms) for (let first = 0; first < inFlight; first += 1) hall.send(room);
    while (hall.acknowledged < warmUp) await sleep(50);
    process.send('measuring');
    const before = [hall.acknowledged, hall.delivered, performance.now()];
    await sleep(seconds * 1_000);
    const taken = (performance.now() - before[2]) / 1_000;
    const messages = hall.acknowledged - before[0];
    const deliveries = hall.delivered - before[1];
    process.send('measured');
    isOver = true;
    await hall.arrive();
    return { messages, deliveries, perSecond: messages / taken, lost: hall.lost, doubled: hall.doubled };
  },

  /** A given rate, whether the servers keep up or not. */
  async steady({ rooms, perSecond, seconds }) {
    const hall = new Hall(rooms);
    await hall.connect();
    await pace(hall, perSecond, { seconds: 1 });
    process.send('measuring');
    const from = hall.messages.length;
    const began = performance.now();
    await pace(hall, perSecond, { seconds });
    const taken = (performance.now() - began) / 1_000;
    process.send('measured');
    await hall.arrive();
    const messages = hall.messages.slice(from);
    const { lost, doubled } = hall;
    return { messages: messages.length, perSecond: messages.length / taken, lost, doubled, ...hall.times(messages) };
  },

  /** One message at a time, to somebody on the same process and to somebody on another: both of each message. */
  async idle({ rooms: [room], messages }) {
    const hall = new Hall([{ ...room, senders: 1 }]);
    await hall.connect();
    for (let number = 0; number < messages; number += 1) {
      const { arrivals } = hall.send(hall.rooms[0]);
      const until = performance.now() + ARRIVAL_MS;
      while (Object.keys(arrivals).length < room.members.length && performance.now() < until)
        await new Promise(setImmediate);
      await sleep(5);
    }
    const counted = hall.messages.slice(20);
    const [, same, cross] = [0, 1, 2].map((place) => counted.map(({ due, arrivals }) => arrivals[place] - due));
    return {
      same: quantile(same, 0.5),
      cross: quantile(cross, 0.5),
      difference: quantile(
        cross.map((taken, index) => taken - same[index]),
        0.5,
      ),
    };
  },

  /** Connections that do nothing, until it is asked to end. */
  async hold({ members }) {
    for (let from = 0; from < members.length; from += 32)
      await Promise.all(members.slice(from, from + 32).map((member) => open(member, () => {})));
    process.send('measuring');
    await new Promise((resolve) => process.once('message', resolve));
    return {};
  },

  /** Connections whose process dies: each comes back to another one as clients do, at once, and later where it is refused. */
  async storm({ members, back }) {
    const times = [];
    let refused = 0;
    let allBack;
    const isBack = new Promise((resolve) => (allBack = resolve));
    const comeBack = async ({ token }) => {
      const began = performance.now();
      for (let wait = 1_000; ; wait = Math.min(2 * wait, 5_000)) {
        const isReady = await open({ url: back, token }, () => {}).then(
          () => true,
          () => false,
        );
        if (isReady) break;
        refused += 1;
        await sleep(wait * (0.5 + Math.random()));
      }
      times.push(performance.now() - began);
      if (times.length === members.length) allBack();
    };
    const connect = async (member) => (await open(member, () => {})).once('close', () => comeBack(member));
    for (let from = 0; from < members.length; from += 32)
      await Promise.all(members.slice(from, from + 32).map(connect));
    process.send('ready');
    await isBack;
    return { ...quantiles(times), last: Math.max(...times), refused };
  },

  /** A given rate, until it is asked to end: what its acknowledgements took. */
  async acknowledgements({ rooms, perSecond }) {
    const hall = new Hall(rooms);
    await hall.connect();
    let isOver = false;
    process.once('message', () => (isOver = true));
    process.send('ready');
    await pace(hall, perSecond, { isOver: () => isOver });
    await hall.arrive();
    const times = hall.messages.map(({ due, acknowledgedAt }) => (acknowledgedAt ?? Number.POSITIVE_INFINITY) - due);
    return { ...quantiles(times), last: Math.max(...times), lost: hall.lost, doubled: hall.doubled };
  },

  /** A given rate through several phases, which the parent names one after the other. */
  async phases({ rooms, perSecond }) {
    const hall = new Hall(rooms);
    await hall.connect();
    const spans = [];
    let isOver = false;
    const begin = (name) => {
      const now = performance.now();
      const last = spans.at(-1);
      if (last !== undefined) last.endedAt = now;
      spans.push({ name, beganAt: now, endedAt: undefined });
    };
    begin('warm');
    process.on('message', ({ phase, end }) => {
      if (phase !== undefined) begin(phase);
      if (end === true) isOver = true;
    });
    process.send('ready');
    await pace(hall, perSecond, { phase: () => spans.at(-1), isOver: () => isOver });
    begin('over');
    await hall.arrive();
    const found = {};
    for (const name of new Set(spans.map((span) => span.name))) {
      const own = spans.filter((span) => span.name === name && span.endedAt !== undefined);
      const sent = hall.messages.filter(({ phase }) => phase.name === name);
      const acknowledged = hall.messages.filter(({ acknowledgedAt: at }) =>
        own.some(({ beganAt, endedAt }) => at >= beganAt && at < endedAt),
      ).length;
      const seconds = own.reduce((sum, { beganAt, endedAt }) => sum + (endedAt - beganAt) / 1_000, 0);
      // How long after its phase the last of them arrived.
      const lastAfter = Math.max(
        ...sent.map(({ phase, arrivals }) => Math.max(...arrivals) - (phase.endedAt ?? Number.POSITIVE_INFINITY)),
      );
      found[name] = {
        sent: sent.length,
        acknowledgedPerSecond: acknowledged / seconds,
        lastAfter,
        ...hall.times(sent),
      };
    }
    return { phases: found, lost: hall.lost, doubled: hall.doubled, asked: hall.asked };
  },
};

async function pace(
  hall,
  perSecond,
  { seconds = Number.POSITIVE_INFINITY, phase = () => undefined, isOver = () => false },
) {
  const began = performance.now();
  let sent = 0;
  while (performance.now() - began < seconds * 1_000 && !isOver()) {
    const due = Math.floor(((performance.now() - began) / 1_000) * perSecond);
    for (; sent < due; sent += 1)
      hall.send(hall.rooms[sent % hall.rooms.length], began + (sent / perSecond) * 1_000, phase());
    await sleep(1);
  }
}

const result = await tasks[task.kind](task);
process.stdout.write(JSON.stringify(result), () => process.exit(0));
