// What the bus costs: processes that publish and receive frames as the server's do, with nothing around them. Is sent its part, and
// answers with the CPU it took, in microseconds a frame.
import { randomUUID } from 'node:crypto';
import { decodeFrame, encodeFrame } from '../../dist/cluster/bus/frame.js';
import { operationsOf } from '../../dist/cluster/bus/operations.js';
import { RedisClusterBus } from '../../dist/cluster/bus/redis-cluster-bus.js';

const WARM_UP_FRAMES = 300;
const { part, url, channel, frames, events } = await new Promise((resolve) => process.once('message', resolve));

const created = () => {
  const conversationId = randomUUID();
  const sender = { id: randomUUID(), username: 'bench', displayName: 'Bench', avatar: null, isOnline: true };
  const message = {
    ...{ id: randomUUID(), conversationId, seq: 12_345, senderId: sender.id, sender, clientId: randomUUID() },
    ...{ kind: 'TEXT', content: 'x'.repeat(100), attachments: [], reactions: [], mentions: [], replyTo: null },
    ...{ linkPreview: null, version: 1, createdAt: new Date().toISOString(), editedAt: null, deletedAt: null },
  };
  return { message, conversation: { id: conversationId, type: 'DIRECT', title: null, lastSeq: 12_345, avatar: null } };
};
const event = { messages: Array.from({ length: events }, created) };

let received = 0;
let spentFrom;
const done = () => {
  const { user, system } = process.cpuUsage(spentFrom);
  process.send({ part, microseconds: (user + system) / frames });
};
const bus = new RedisClusterBus(url, channel);
await new Promise((resolve) => {
  void bus.start({
    connected: resolve,
    disconnected: () => {},
    received: (text) => {
      const frame = decodeFrame(text);
      if (part === 'concerned') for (const { payload } of frame.operations) JSON.parse(payload);
      if (frame.operations.length === 0) return;
      received += 1;
      if (received === WARM_UP_FRAMES) spentFrom = process.cpuUsage();
      if (received === WARM_UP_FRAMES + frames) done();
    },
  });
});
const nodeId = randomUUID();
let number = 0;
const send = (operations) => bus.publish(encodeFrame({ nodeId, number: (number += 1), isLast: false, operations }));
// As the server does: a frame of its own each second, by which the connections live.
setInterval(() => send([]), 1_000);
async function publish() {
  while (received < WARM_UP_FRAMES + frames) {
    send(operationsOf('messages.created', event));
    await new Promise((resolve) => setTimeout(resolve, 4));
  }
}
process.on('message', () => void publish());
setTimeout(() => process.send('ready'), 500);
