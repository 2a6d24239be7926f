import { isDeepStrictEqual } from 'node:util';
import { expect } from '@jest/globals';
import { type Anything, Device, type Person, until } from '../story.js';

/** Shorter than `GAP_TIMEOUT_MS`: clocks and timers may differ by some milliseconds. */
export const MIN_WAIT_MS = 150;

/**
 * Notes the messages of one conversation as they come. What is returned answers those that a newer one overtook although nothing was
 * waited for: what is missing is given up `GAP_TIMEOUT_MS` after something newer came, which was stored before that. A machine
 * that stood still meanwhile excuses more, and never less.
 */
export function watchOrder({ socket }: Device, conversationId: string): () => number[] {
  const came: { seq: number; storedAt: number; at: number }[] = [];
  socket.on('message:new', ({ message }: Anything) => {
    const { seq, createdAt } = message;
    if (message.conversationId === conversationId) came.push({ seq, storedAt: Date.parse(createdAt), at: Date.now() });
  });
  return () =>
    came.flatMap(({ seq, at }, index) => {
      if (!came.slice(0, index).some((before) => before.seq > seq)) return [];
      const newer = came.filter((other) => other.seq > seq).map(({ storedAt }) => storedAt);
      return at - Math.min(...newer) < MIN_WAIT_MS ? [seq] : [];
    });
}

/** What people wrote, as it came. */
export const linesOf = (device: Device): string[] =>
  device.all('message:new').flatMap(({ message }) => (message.kind === 'SYSTEM' ? [] : [message.content]));

/** Sent by each in turn, all are with everybody, once. Answers whether they came to all in order. */
async function reachAll(devices: readonly Device[], conversationId: string, name: string): Promise<boolean> {
  const texts = Array.from({ length: 12 }, (_, index) => `${name} ${index}`);
  for (const [index, text] of texts.entries())
    await devices[index % devices.length]?.must('send_message', { conversationId, content: text });
  const received = (device: Device): string[] => linesOf(device).filter((line) => line.startsWith(`${name} `));
  for (const device of devices) {
    await until(`${name}: everything is there`, () => received(device).length >= texts.length);
    expect(received(device).toSorted()).toEqual(texts.toSorted());
  }
  return devices.every((device) => isDeepStrictEqual(received(device), texts));
}

/**
 * What is sent by each in turn comes to all once, and in order: in the first round that does. A process that has yet to catch up
 * delivers what it missed behind what is newer, and so does one of a busy machine, which is later than the others wait for it.
 */
export async function expectToReachAll(
  devices: readonly Device[],
  conversationId: string,
  name: string,
): Promise<void> {
  let rounds = 0;
  await until('what is sent comes in order', () => reachAll(devices, conversationId, `${name} ${(rounds += 1)}:`));
}

/** A connection to a server, of somebody who may have registered at another. */
export async function deviceAt(server: { url: string }, person: Person): Promise<Device> {
  const device = new Device(server.url, { token: person.accessToken });
  await device.next('session:ready');
  return device;
}

/** Whether an event is of a message that says so. */
export const content =
  (text: string) =>
  ({ message }: Anything): boolean =>
    message.content === text;
