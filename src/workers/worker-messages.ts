import type { LimitName } from '../config/limits.js';

/** What is done to a bucket of a limit that workers count together. */
export type CountAction = 'consume' | 'charge' | 'restore';

/** As the library that keeps metrics hands them over; nothing here looks into them. */
export type MetricObjects = readonly { name: string; type: unknown; aggregator?: string }[];

/** What a worker sends to the process that started it, over Node's channel between the two. */
export type ToPrimary =
  | { type: 'listening'; url: string }
  | { type: 'start-failed'; reason: string }
  | { type: 'count'; id: number; limit: LimitName; key: string; points: number; action: CountAction }
  /** What all workers have counted. */
  | { type: 'report-wanted'; id: number }
  /** What this one has counted. */
  | { type: 'metrics'; id: number; metrics: MetricObjects }
  /** With the connection itself: a request to upgrade a session of another worker. */
  | { type: 'upgrade'; slot: number; head: string };

/** What that process sends to a worker. */
export type ToWorker =
  | { type: 'stop'; isOrderly: boolean }
  | { type: 'counted'; id: number; waitMs: number }
  | { type: 'metrics-wanted'; id: number }
  | { type: 'report'; id: number; text: string }
  /** With the connection itself. */
  | { type: 'upgrade'; head: string };
