import { beforeEach, describe, expect, it } from '@jest/globals';
import { RECOVERY_WINDOW_MS, RecoveryLog } from './recovery-log.js';

const MIB = 1_024 * 1_024;

/** As it is on its way: behind a character of Engine.IO's. */
const bytesOf = (packet: string): { bytes: Buffer; start: number } => ({ bytes: Buffer.from(`4${packet}`), start: 1 });

describe('the recovery log', () => {
  let now: number;
  let log: RecoveryLog;
  beforeEach(() => {
    now = 0;
    log = new RecoveryLog(() => now);
  });
  /** Keeps a packet, and answers what its receiver would name it by. */
  const keep = (packet: string, ...rooms: string[]): string => {
    const offset = log.nextOffset();
    log.keep(bytesOf(packet), { rooms: new Set(rooms), except: new Set() });
    return offset;
  };
  const missed = (offset: string, ...rooms: string[]): string[] | undefined => {
    const from = log.after(offset);
    return from === undefined ? undefined : log.missed(from, new Set(rooms));
  };

  it('answers what came after an offset for who is in its rooms, in order', () => {
    const first = keep('1', 'a');
    keep('2', 'b');
    keep('3', 'a', 'b');
    log.keep(bytesOf('4'), { rooms: new Set(['a']), except: new Set(['me']) });
    log.keep(bytesOf('5'), { rooms: new Set(), except: new Set() });
    expect(missed(first, 'a', 'me')).toEqual(['3', '5']);
    expect(missed(first, 'a')).toEqual(['3', '4', '5']);
    expect(missed(first, 'c')).toEqual(['5']);
  });

  it('knows no offsets of another process, none of the future and none that are none', () => {
    keep('1', 'a');
    const other = new RecoveryLog(() => now);
    other.keep(bytesOf('1'), { rooms: new Set(['a']), except: new Set() });
    for (const offset of [other.nextOffset(), '', 'x', '.', `${log.nextOffset().split('.')[0]}.zz`, '..'])
      expect(missed(offset, 'a')).toBeUndefined();
  });

  it('recovers nobody from before something that was not kept, but those whom it was not for', () => {
    const first = keep('1', 'a');
    log.keepGap(['a']);
    const second = keep('2', 'a');
    keep('3', 'a');
    expect(missed(first, 'a')).toBeUndefined();
    expect(missed(first, 'b')).toEqual([]);
    expect(missed(second, 'a')).toEqual(['3']);
  });

  it('forgets what is older than its window', () => {
    const first = keep('1', 'a');
    now = 1_000;
    const second = keep('2', 'a');
    now = RECOVERY_WINDOW_MS + 500;
    const third = keep('3', 'a');
    expect(missed(first, 'a')).toEqual(['2', '3']);
    now = RECOVERY_WINDOW_MS + 2_000;
    expect([missed(first, 'a'), missed(second, 'a'), missed(third, 'a')]).toEqual([undefined, ['3'], []]);
    now = RECOVERY_WINDOW_MS * 3;
    log.expire();
    expect(log.bytes).toBe(0);
  });

  it('is bounded in bytes, and keeps what is newest', () => {
    const packet = 'x'.repeat(64 * 1_024);
    const offsets: string[] = [];
    for (let index = 0; index < 2_000; index += 1) offsets.push(keep(packet, `room ${index}`));
    expect(log.bytes).toBeLessThanOrEqual(32 * MIB);
    expect(log.bytes).toBeGreaterThan(30 * MIB);
    expect(missed(offsets[0] as string, 'room 1999')).toBeUndefined();
    expect(missed(offsets.at(-2) as string, 'room 1999')).toEqual([packet]);
    now = RECOVERY_WINDOW_MS + 1;
    log.expire();
    expect(log.bytes).toBe(0);
  });

  it('lets one room take no more than its share, and knows who missed something of it', () => {
    const quiet = keep('quiet', 'quiet room');
    const packet = 'x'.repeat(16 * 1_024);
    const offsets = Array.from({ length: 1_000 }, () => keep(packet, 'loud room'));
    keep('quiet again', 'quiet room');
    expect(log.bytes).toBeLessThan(2 * MIB);
    expect(missed(quiet, 'quiet room')).toEqual(['quiet again']);
    expect(missed(offsets[0] as string, 'loud room')).toBeUndefined();
    expect(missed(offsets.at(-11) as string, 'loud room')).toHaveLength(10);
  });

  it('counts names of rooms, and texts that are not ASCII, for what they take', () => {
    log.keep(bytesOf('é'.repeat(1_000)), {
      rooms: new Set(Array.from({ length: 1_000 }, (_, index) => `room ${index}`)),
      except: new Set(),
    });
    expect(log.bytes).toBeGreaterThan(2_000 + 60_000);
  });

  it('keeps a place for what is too large for its room', () => {
    const first = keep('1', 'a');
    const large = keep('x'.repeat(MIB), 'a');
    keep('2', 'a', 'b');
    expect(log.bytes).toBeLessThan(MIB);
    expect(missed(first, 'a')).toBeUndefined();
    expect(missed(first, 'b')).toEqual(['2']);
    expect(missed(large, 'a')).toEqual(['2']);
  });

  it('is bounded in packets', () => {
    const first = keep('first', 'a');
    const second = keep('second', 'a');
    for (let index = 0; index < 19_999; index += 1) keep('x', `room ${index}`);
    expect(missed(first, 'a')).toEqual(['second']);
    keep('one more', 'b');
    expect(missed(first, 'a')).toBeUndefined();
    expect(missed(second, 'a')).toEqual([]);
    expect(missed(second, 'b')).toEqual(['one more']);
  });

  it('does not send a whole megabyte to who comes back', () => {
    const first = keep('1', 'a');
    for (const room of ['a', 'b']) for (let index = 0; index < 9; index += 1) keep('x'.repeat(64 * 1_024), room);
    expect(missed(first, 'a')).toHaveLength(9);
    expect(missed(first, 'a', 'b')).toBeUndefined();
  });

  it('agrees with a log that keeps everything, whatever order things come in', () => {
    let state = 7;
    const random = (below: number): number => {
      state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
      return Math.floor((state / 2 ** 32) * below);
    };
    const everything: { offset: string; room: string; packet: string; at: number }[] = [];
    let refused = 0;
    for (let index = 0; index < 5_000; index += 1) {
      now += random(100);
      const room = `room ${random(5)}`;
      // As many bytes either way; what is not ASCII takes by far the longest to read.
      const packet = `${index} ${(index % 8 === 0 ? 'xéß€🙂' : 'x'.repeat(12)).repeat(random(600))}`;
      everything.push({ room, packet, at: now, offset: keep(packet, room) });
      if (index % 3 !== 0) continue;
      const from = Math.max(0, index - random(1_500));
      const asked = `room ${random(5)}`;
      const answer = missed((everything[from] as { offset: string }).offset, asked);
      if (answer === undefined) {
        refused += 1;
        continue;
      }
      const expected = everything.slice(from + 1).flatMap((kept) => (kept.room === asked ? [kept.packet] : []));
      const isSame = answer.length === expected.length && answer.every((text, place) => text === expected[place]);
      if (!isSame) expect(answer).toEqual(expected);
    }
    expect(refused).toBeGreaterThan(100);
    expect(refused).toBeLessThan(1_500);
  });
});
