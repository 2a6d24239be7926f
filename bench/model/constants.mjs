// What docs/scaling.md is reckoned with. Measured by `npm run bench -- --only=cluster --quick`, November 2026, Node 20.20, PostgreSQL 18,
// Redis 7.0, two cores that others used heavily meanwhile (a load of 25): upper bounds. The bench prints its own at its end.

/** CPU in seconds: of a process that has nothing to do, of a message with two receivers, of a commit for however many of them. */
const server = { idle: 0.0275, message: 41e-6, commit: 863e-6 };
const database = { idle: 0.0075, message: 30e-6, commit: 1_100e-6 };

/** Microseconds of CPU: of a frame with events, and of an event in it, to whom it passes. */
const bus = {
  frameSent: 267,
  eventSent: 5.1,
  frameReceived: 201,
  remoteEvent: 0.92,
  concernedEvent: 2.3,
  /** One in, and one out for each process, counted alike. */
  redisFrame: 43,
  redisEvent: 0,
};

export const CONSTANTS = {
  server,
  database,
  bus,
  /** Microseconds of the server's CPU for one receiver more. */
  delivery: 15.8,
  /** Microseconds, by the clock, until PostgreSQL has said what changed for a user in 20 conversations of ten. */
  catchUpUser: 426,
  /** With its indexes; of a message of 100 characters. */
  messageBytes: 421,
  // Taken to be so, not measured in that run.
  connectionKb: 25,
  processMb: 150,
};

export const ASSUMPTIONS = {
  connectionsAProcess: 10_000,
  /** Of one connection, in the busiest hour. */
  secondsBetweenMessages: 120,
  /** Connections that a message is delivered to, the sender's among them. */
  receivers: 5,
  /** Receipts, typing, presence; and how many of them are stored. */
  othersAMessage: 4,
  storedAMessage: 2,
  /** Messages that share a commit where a process stores some eighty a second. */
  batch: 1.5,
  busiestToMean: 4,
};
