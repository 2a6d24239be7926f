/**
 * How long the parts of a stop may take. Together they fit into what the next one out waits for: the process that started a
 * worker for the worker, and that process for itself. Push and webhooks come on top where a receiver does not answer: up to 3 s each.
 */

/** Accepted work may finish for so long once the process received its signal to end. */
export const DRAIN_TIMEOUT_MS = 4_000;
/** Then clients may take so long for the last of what they are sent, and to close their connections. */
export const SOCKETS_CLOSE_TIMEOUT_MS = 2_000;
/** What still holds a connection to the database at last has so long to give it back. */
export const DATABASE_END_TIMEOUT_MS = 1_000;
/** A worker that has not ended is killed: less than a process has for its own stop, in which PostgreSQL is stopped as well. */
export const WORKER_STOP_TIMEOUT_MS = 7_500;
/** A stop that has not ended is ended: the contract promises 10 s. */
export const MAX_STOP_MS = 9_000;
