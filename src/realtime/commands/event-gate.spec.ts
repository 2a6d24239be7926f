import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { LIMITS } from '../../config/limits.js';
import { EventGate } from './event-gate.js';

/** Lets `count` events in and out again; answers how many were refused, by code. */
function pour(gate: EventGate, count: number): Record<string, number> {
  const refused: Record<string, number> = {};
  for (let event = 0; event < count; event += 1) {
    const refusal = gate.enter();
    if (refusal === undefined) gate.leave();
    else refused[refusal.code] = (refused[refusal.code] ?? 0) + 1;
  }
  return refused;
}

describe('the gate of one connection', () => {
  afterEach(() => {
    jest.useRealTimers();
  });

  it('lets a burst in, then refuses and says when to come again', () => {
    const gate = new EventGate(LIMITS.events);
    expect(pour(gate, LIMITS.events.burst)).toEqual({});
    // A few more trickle in while they are poured.
    expect(pour(gate, LIMITS.events.burst).RATE_LIMITED).toBeGreaterThan(LIMITS.events.burst / 2);
    const refusals = Array.from({ length: 10 }, () => gate.enter()).filter((refusal) => refusal !== undefined);
    expect(refusals.length).toBeGreaterThan(0);
    for (const { retryAfterMs } of refusals) expect(retryAfterMs).toBeGreaterThan(0);
  });

  it('bounds what is under way at once, also without limits', () => {
    const gate = new EventGate(undefined);
    for (let event = 0; event < 1_000; event += 1) expect(gate.enter()).toBeUndefined();
    expect(gate.enter()).toMatchObject({ code: 'OVERLOADED', retryAfterMs: 1_000 });
    gate.leave();
    expect(gate.enter()).toBeUndefined();
  });

  it('takes a burst of ten thousand for no flood', () => {
    const gate = new EventGate(LIMITS.events);
    pour(gate, 10_000);
    expect(gate.isFlooded).toBe(false);
  });

  it('takes who goes on for a flood, although some of it is let in all the while', () => {
    jest.useFakeTimers();
    const gate = new EventGate(LIMITS.events);
    let [poured, refused] = [0, 0];
    while (!gate.isFlooded && poured < 20_000) {
      // Long enough for a few tokens.
      jest.advanceTimersByTime(12);
      refused += pour(gate, 1_000).RATE_LIMITED ?? 0;
      poured += 1_000;
    }
    expect(gate.isFlooded).toBe(true);
    expect(refused).toBeLessThan(poured);
  });

  it('asks for ever longer rests while it refuses', () => {
    const gate = new EventGate(undefined);
    for (let event = 0; event < 1_000; event += 1) gate.enter();
    const rests: number[] = [];
    for (let event = 0; event < 2_100; event += 1) {
      gate.enter();
      if (gate.restMs > 0) rests.push(gate.restMs);
    }
    expect(rests).toEqual([15, 30, 45, 60]);
  });

  it('forgives who keeps to the limit again', () => {
    const gate = new EventGate(undefined);
    for (let event = 0; event < 1_000; event += 1) gate.enter();
    for (let event = 0; event < 8_000; event += 1) gate.enter();
    for (let event = 0; event < 1_000; event += 1) gate.leave();
    expect(pour(gate, 8_000)).toEqual({});
    for (let event = 0; event < 1_000; event += 1) gate.enter();
    for (let event = 0; event < 8_000; event += 1) gate.enter();
    expect(gate.isFlooded).toBe(false);
  });
});
