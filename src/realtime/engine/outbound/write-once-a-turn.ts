import type { Transport } from '../internals.js';

/** What is collected of one turn at the most, in bytes, and a packet: more is written at once. */
const MAX_TURN_BYTES = 256 * 1024;

interface Packet {
  data?: { length: number } | undefined;
}

interface Waiting {
  packets: unknown[];
  bytes: number;
  /** How often the connection believes to have sent something. */
  sends: number;
}

const waiting = new Map<Transport, Waiting>();

/**
 * Makes a transport hand everything it is given within one turn of the event loop to the system in one call: the
 * acknowledgements and events of a whole batch of messages. By itself it makes a call for every packet, which under load
 * costs more than all else that a message costs here. The order of packets stays, and nothing waits longer than the turn.
 */
export function writeOnceATurn(transport: Transport): void {
  if (transport.name !== 'websocket') return;
  transport.send = collect;
  transport.doClose = closeAfterwards;
}

/** Writes what this transport was given so far, before the turn ends. */
export function writeNow(transport: Transport): void {
  const own = waiting.get(transport);
  if (own === undefined) return;
  waiting.delete(transport);
  write(transport, own);
}

function collect(this: Transport, packets: unknown[]): void {
  const own = waiting.get(this);
  if (own === undefined) {
    if (waiting.size === 0) process.nextTick(writeAll);
    waiting.set(this, { packets, bytes: bytesOf(packets), sends: 1 });
    return;
  }
  for (const packet of packets) own.packets.push(packet);
  own.sends += 1;
  own.bytes += bytesOf(packets);
  // From here on the transport knows itself whether it is writable, and the connection's own bound counts.
  if (own.bytes > MAX_TURN_BYTES) writeNow(this);
}

function bytesOf(packets: readonly unknown[]): number {
  let bytes = 0;
  for (const packet of packets as readonly Packet[]) bytes += packet.data?.length ?? 0;
  return bytes;
}

function closeAfterwards(this: Transport, done?: () => void): void {
  writeNow(this);
  ownMethods(this).doClose.call(this, done);
}

function writeAll(): void {
  const all = [...waiting];
  waiting.clear();
  // One call of the system each. An acknowledgement is given before the message is sent on: so its receivers come first.
  for (const [transport, given] of all.reverse()) write(transport, given);
}

function write(transport: Transport, { packets, sends }: Waiting): void {
  // The connection counts one end for each of its sends, and the transport itself will emit one.
  for (let emitted = 1; emitted < sends; emitted += 1) transport.emit('drain');
  const stream = packets.length > 1 ? transport.socket?._socket : undefined;
  stream?.cork();
  try {
    ownMethods(transport).send.call(transport, packets);
  } finally {
    stream?.uncork();
  }
}

/** The transport's own methods, beneath those put over them. */
function ownMethods(transport: Transport): Transport {
  return Object.getPrototypeOf(transport) as Transport;
}
