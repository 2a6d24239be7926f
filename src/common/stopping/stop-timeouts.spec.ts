import { describe, expect, it } from '@jest/globals';
import * as timeouts from './stop-timeouts.js';

const STEPS = timeouts.DRAIN_TIMEOUT_MS + timeouts.SOCKETS_CLOSE_TIMEOUT_MS + timeouts.DATABASE_END_TIMEOUT_MS;

describe('the time for a stop', () => {
  it('is enough in a worker for every step to take as long as it may, before the first process kills it', () => {
    expect(STEPS).toBeLessThan(timeouts.WORKER_STOP_TIMEOUT_MS);
  });

  it('is enough in the first process to end a worker that does not end, and PostgreSQL', () => {
    expect(timeouts.WORKER_STOP_TIMEOUT_MS + 1_000).toBeLessThanOrEqual(timeouts.MAX_STOP_MS);
    expect(timeouts.MAX_STOP_MS).toBeLessThan(10_000);
  });
});
