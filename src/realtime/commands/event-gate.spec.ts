import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { LIMITS } from '../../config/limits.js';
import { EventGate } from './event-gate.js';
import { bytesOf, InboundBytes } from './inbound-bytes.js';

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

  it('bounds the bytes that all connections of one user have under way, and of nobody else', () => {
    const inbound = new InboundBytes();
    const [one, other] = [1, 2].map(() => new EventGate(undefined, inbound.of('ada')));
    const stranger = new EventGate(undefined, inbound.of('bob'));
    const enter = (gate: EventGate | undefined, bytes: number): string | undefined =>
      (gate?.enter() ?? gate?.keep(bytes))?.code;
    const half = 4 * 1024 * 1024;
    expect([enter(one, half), enter(other, half)]).toEqual([undefined, undefined]);
    expect([enter(one, 1), enter(other, 1), enter(stranger, half)]).toEqual(['OVERLOADED', 'OVERLOADED', undefined]);
    one?.leave(half);
    expect([enter(other, half), enter(one, 1)]).toEqual([undefined, 'OVERLOADED']);
    other?.leave(half);
    other?.leave(half);
    // One alone is taken, however large.
    expect([enter(one, 3 * half), enter(other, 1)]).toEqual([undefined, 'OVERLOADED']);
  });

  it('takes who goes on beyond the bytes for a flood, and keeps no place for what it refuses', () => {
    const gate = new EventGate(undefined, new InboundBytes().of('ada'));
    gate.enter();
    gate.keep(9 * 1024 * 1024);
    const refused = Array.from({ length: 12_000 }, () => gate.enter() ?? gate.keep(1));
    expect(new Set(refused.map((refusal) => refusal?.code))).toEqual(new Set(['OVERLOADED']));
    expect(gate.isFlooded).toBe(false);
    gate.enter();
    gate.keep(1);
    expect(gate.isFlooded).toBe(true);
  });

  it('measures an event by its text and its values, however deep', () => {
    let deep: unknown = [];
    for (let level = 0; level < 60_000; level += 1) deep = [deep];
    expect(bytesOf('send_message', deep)).toBeGreaterThan(60_000 * 32);
    const content = 'x'.repeat(4_000);
    const sent = bytesOf('send_message', { conversationId: 'c', clientId: 'i', content, attachmentIds: ['a'] });
    expect(sent).toBeGreaterThan(4_000);
    // An outbox of 64 messages is far from the bound.
    expect(64 * sent).toBeLessThan(512 * 1024);
    expect(bytesOf('x', Buffer.alloc(100_000))).toBeGreaterThan(100_000);
    expect(bytesOf('x'.repeat(100_000), undefined)).toBeGreaterThan(100_000);
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
