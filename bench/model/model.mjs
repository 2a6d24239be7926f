// What several processes spend, from what one spends. Everything in seconds of CPU; constants of the bus in microseconds.

import { framePauseMs } from '../../dist/cluster/bus/frame-pause.js';

/**
 * What a message costs one process: `message`, and `commit` for each one in which it is stored together with others. Fitted by
 * least squares to what one process spent at several rates, without what it spends when nothing happens.
 * @param measured each `{ perSecond, batch, spent }`: messages a second, messages a commit, CPU seconds a message
 */
export function fit(measured, idle) {
  const points = measured.map(({ perSecond, batch, spent }) => ({ x: 1 / batch, y: spent - idle / perSecond }));
  const mean = (read) => points.reduce((sum, point) => sum + read(point), 0) / points.length;
  const [x, y] = [mean((point) => point.x), mean((point) => point.y)];
  const above = mean((point) => (point.x - x) * (point.y - y));
  const below = mean((point) => (point.x - x) ** 2);
  const commit = below === 0 ? 0 : Math.max(0, above / below);
  return { idle, message: Math.max(0, y - commit * x), commit };
}

/**
 * What `processes` of a server spend together a message, at `perSecond` messages in all of which `batch` share a commit.
 * @param server what one process without Redis spends, by `fit`; deliveries to its own clients are in it
 * @param elsewhere on how many processes beside the sender's a message has a receiver, on average
 */
export function predict({ processes, perSecond, batch, elsewhere, server, database, bus }) {
  const seconds = (microseconds) => microseconds / 1e6;
  // What one commit stored is delivered in one turn, and so leaves in one frame.
  const inFrame = Math.max(batch, 1 + (perSecond / processes) * (framePauseMs(processes - 1) / 1_000));
  const frame = bus.frameSent + processes * bus.frameReceived;
  const event = bus.eventSent + processes * bus.remoteEvent + elsewhere * bus.concernedEvent;
  const ofBus = seconds(frame / inFrame + event);
  const ofProcess = (cost) => (processes * cost.idle) / perSecond + cost.message + cost.commit / batch;
  return {
    servers: ofProcess(server) + ofBus,
    database: ofProcess(database),
    redis: seconds((1 + processes) * (bus.redisFrame / inFrame + bus.redisEvent)),
  };
}
