// node bench/model/scale.mjs: what so many connections need, by the constants and assumptions beside it. docs/scaling.md shows it.
import { ASSUMPTIONS, CONSTANTS } from './constants.mjs';
import { predict } from './model.mjs';

const DAY_SECONDS = 86_400;
const { server, database, bus } = CONSTANTS;

export function needs(connections) {
  const { connectionsAProcess, secondsBetweenMessages, receivers, othersAMessage, storedAMessage, busiestToMean } =
    ASSUMPTIONS;
  const processes = Math.ceil(connections / connectionsAProcess);
  const messages = connections / secondsBetweenMessages;
  const events = messages * (1 + othersAMessage);
  const commitsOthers = messages * storedAMessage;
  // With so many processes nearly nobody is on the sender's.
  const elsewhere = (receivers - 1) * (1 - 1 / processes);
  const ofEvents = predict({
    processes,
    perSecond: events,
    batch: 1,
    elsewhere,
    server: { idle: server.idle, message: 0, commit: 0 },
    database: { idle: 0, message: 0, commit: 0 },
    bus,
  });
  const stored = (cost) => messages * (cost.message + cost.commit / ASSUMPTIONS.batch) + commitsOthers * cost.commit;
  // What the fit took for a message holds two deliveries.
  const deliveries = messages * (receivers - 2) + messages * othersAMessage * receivers;
  const servers = stored(server) + (deliveries * CONSTANTS.delivery) / 1e6 + events * ofEvents.servers;
  return {
    connections,
    processes,
    messages,
    events,
    coreOfProcess: servers / processes,
    ofBus: (events * ofEvents.servers - processes * server.idle) / processes,
    redis: events * ofEvents.redis,
    database: stored(database) + database.idle * processes,
    memoryMb: connectionsAProcess * (CONSTANTS.connectionKb / 1024) + CONSTANTS.processMb,
    gigabytesADay: (messages / busiestToMean) * DAY_SECONDS * (CONSTANTS.messageBytes / 1e9),
    catchUp: (connections * CONSTANTS.catchUpUser) / 1e6,
  };
}

const columns = {
  connections: ({ connections }) => connections.toLocaleString('en'),
  processes: ({ processes }) => processes,
  'messages/s': ({ messages }) => messages.toFixed(0),
  'events/s on the bus': ({ events }) => events.toFixed(0),
  'of a core, each process': ({ coreOfProcess }) => coreOfProcess.toFixed(2),
  'of which the bus': ({ ofBus }) => ofBus.toFixed(2),
  'cores of Redis': ({ redis }) => redis.toFixed(2),
  'cores of PostgreSQL': ({ database: cores }) => cores.toFixed(1),
  'MB, each process': ({ memoryMb }) => memoryMb.toFixed(0),
  'GB a day': ({ gigabytesADay }) => gigabytesADay.toFixed(1),
  'seconds of PostgreSQL for one catch-up of all': ({ catchUp }) => catchUp.toFixed(0),
};
const lines = [10_000, 50_000, 100_000, 200_000, 500_000, 1_000_000].map(needs);
console.log(`| ${Object.keys(columns).join(' | ')} |`);
console.log(`|${'---|'.repeat(Object.keys(columns).length)}`);
for (const line of lines)
  console.log(
    `| ${Object.values(columns)
      .map((read) => read(line))
      .join(' | ')} |`,
  );
