import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import {
  decodeSyncCursor,
  encodeSyncCursor,
  isSnapshot,
  MAX_CURSOR_LENGTH,
  SYNC_STAGES,
  type SyncCursor,
} from './sync-cursor.js';

const ID = '01932b1e-7c5a-7000-8000-0123456789ab';
const OTHER = '01932b1e-7c5a-7000-8000-0123456789ac';
const DATABASE = '7312345678901234567:16384';
const SNAPSHOT = '10:20:12,15';

/** A cursor with these parts in place of good ones. */
const encoded = (parts: readonly unknown[]): string => Buffer.from(JSON.stringify(parts)).toString('base64url');
const withParts = (parts: Record<number, unknown>): string =>
  encoded(Object.assign([1, DATABASE, ID, SNAPSHOT, '20:20:', 5, [ID, 1, 2]], parts));

const INVALID = { code: 'VALIDATION_FAILED', errors: { cursor: ['cursor is not valid'] } };
function refuse(text: string): void {
  let thrown: unknown;
  try {
    decodeSyncCursor(text);
  } catch (error) {
    thrown = error;
  }
  expect(thrown).toMatchObject(INVALID);
}

describe('a sync cursor', () => {
  const cursors: [string, SyncCursor][] = [
    ['of who is up to date', { database: DATABASE, userId: ID, lower: SNAPSHOT, upper: null, position: null }],
    [
      'of who has seen nothing, amid its conversations',
      { database: DATABASE, userId: ID, lower: null, upper: '20:20:', position: { stage: 'conversations', key: [ID] } },
    ],
    [
      'amid receipts',
      {
        database: DATABASE,
        userId: ID,
        lower: SNAPSHOT,
        upper: '20:20:',
        position: { stage: 'receipts', key: [ID, OTHER] },
      },
    ],
    [
      'amid messages',
      {
        database: `${DATABASE}:${OTHER}`,
        userId: ID,
        lower: SNAPSHOT,
        upper: '20:30:21,22,29',
        position: { stage: 'messages', key: [ID, 0, 2_147_483_647] },
      },
    ],
    ...(['left', 'friends', 'requests', 'users'] as const).map((stage): [string, SyncCursor] => [
      `amid ${stage}`,
      { database: DATABASE, userId: ID, lower: SNAPSHOT, upper: SNAPSHOT, position: { stage, key: [ID] } },
    ]),
  ];
  it.each(cursors)('comes back as it was encoded: %s', (_, cursor) => {
    expect(decodeSyncCursor(encodeSyncCursor(cursor))).toEqual(cursor);
  });

  it('is accepted however many transactions its snapshots list, and then skips none of them', () => {
    const from = 9_000_000_000_000_000_000n;
    const snapshotOf = (count: number): string =>
      `${from}:${from + BigInt(count)}:${Array.from({ length: count }, (_, index) => from + BigInt(index)).join(',')}`;
    const position = { stage: 'messages', key: [ID, 2_147_483_647, 2_147_483_647] } as const;
    const longest = { database: `${'1'.repeat(64)}:${OTHER}`, userId: ID, position };
    for (const count of [1, 137, 138, 139, 140, 5_000]) {
      const snapshot = snapshotOf(count);
      const text = encodeSyncCursor({ ...longest, lower: snapshot, upper: snapshot });
      expect(text.length).toBeLessThanOrEqual(MAX_CURSOR_LENGTH);
      const whole = { ...longest, lower: snapshot, upper: snapshot };
      const less = { ...longest, lower: `${from}:${from}:`, upper: `${from}:${from}:`, isUpperRounded: true };
      const cursor = decodeSyncCursor(text);
      expect(cursor).toEqual(snapshot.length <= 2_800 ? whole : less);
      expect(decodeSyncCursor(encodeSyncCursor(cursor))).toEqual(cursor);
    }
  });

  it('keeps the numbers of its stages, which stand in cursors that clients hold', () => {
    expect(SYNC_STAGES).toEqual(['conversations', 'left', 'receipts', 'friends', 'requests', 'messages', 'users']);
    const { position } = decodeSyncCursor(withParts({}));
    expect(position).toEqual({ stage: 'messages', key: [ID, 1, 2] });
  });

  it.each([
    ['nothing', ''],
    ['no JSON', 'bm8'],
    ['characters that base64url has not', '%%%'],
    ['null', encoded(null as never)],
    ['an object', encoded({ length: 7 } as never)],
    ['too few parts', encoded([1, DATABASE, ID, SNAPSHOT, null, null])],
    ['too many parts', encoded([1, DATABASE, ID, SNAPSHOT, null, null, null, null])],
    ['another version', withParts({ 0: 3 })],
    ['a rounded snapshot that there is not', withParts({ 0: 2, 4: null, 5: null, 6: null })],
    ['a version as a text', withParts({ 0: '1' })],
    ['no database', withParts({ 1: null })],
    ['a database of other characters', withParts({ 1: "1'; DROP TABLE users" })],
    ['a database that is too long', withParts({ 1: '1'.repeat(65) })],
    ['an empty database', withParts({ 1: '' })],
    ['a user who is none', withParts({ 2: 'ada' })],
    ['a user as a number', withParts({ 2: 7 })],
    ['a lower snapshot that is none', withParts({ 3: '10:20' })],
    ['an upper snapshot that is none', withParts({ 4: '20:10:' })],
    ['a snapshot as a number', withParts({ 3: 10 })],
    ['neither snapshot', withParts({ 3: null, 4: null, 5: null, 6: null })],
    ['a position without an upper snapshot', withParts({ 4: null })],
    ['an upper snapshot without a position', withParts({ 5: null, 6: null })],
    ['a stage that there is not', withParts({ 5: SYNC_STAGES.length })],
    ['a stage below the first', withParts({ 5: -1 })],
    ['a fraction of a stage', withParts({ 5: 0.5 })],
    ['a stage by its name', withParts({ 5: 'messages' })],
    ['a name that every list has as a stage', withParts({ 5: 'length' })],
    ['no key', withParts({ 6: null })],
    ['a key as an object', withParts({ 6: { length: 3 } })],
    ['a key that is too short', withParts({ 6: [ID, 1] })],
    ['a key that is too long', withParts({ 6: [ID, 1, 2, 3] })],
    ['the key of another stage', withParts({ 5: 2 })],
    ['a sequence number below zero', withParts({ 6: [ID, -1, 2] })],
    ['a fraction of a sequence number', withParts({ 6: [ID, 0.5, 2] })],
    ['a sequence number beyond the column', withParts({ 6: [ID, 1, 2_147_483_648] })],
    ['a sequence number as a text', withParts({ 6: [ID, '1', 2] })],
    ['a conversation that is none', withParts({ 6: ['x', 1, 2] })],
  ])('is refused with %s', (_, text) => {
    refuse(text);
  });

  it('is either one that was encoded or refused, whatever becomes of its characters', () => {
    const good = withParts({});
    fc.assert(
      fc.property(fc.nat(good.length - 1), fc.string({ maxLength: 3 }), (at, put) => {
        const text = good.slice(0, at) + put + good.slice(at + 1);
        let cursor: SyncCursor;
        try {
          cursor = decodeSyncCursor(text);
        } catch (error) {
          expect(error).toMatchObject(INVALID);
          return;
        }
        expect(decodeSyncCursor(encodeSyncCursor(cursor))).toEqual(cursor);
      }),
      { seed: 1, numRuns: 500 },
    );
  });
});

describe('the text of a snapshot', () => {
  it.each([
    ['10:20:12,15', true],
    ['10:20:10,19', true],
    ['20:20:', true],
    ['1:1:', true],
    ['9223372036854775807:9223372036854775807:', true],
    ['0:1:', false],
    ['20:10:', false],
    ['10:9223372036854775808:', false],
    ['10:20', false],
    ['10:20:12,', false],
    ['10:20:,12', false],
    ['10:20:15,12', false],
    ['10:20:12,12', false],
    ['10:20:9', false],
    ['10:20:20', false],
    ['-1:20:', false],
    ['10:20:1e1', false],
    [' 10:20:', false],
    ['10:20:\n', false],
    ['', false],
    [`1:99999:${Array.from({ length: 2_000 }, (_, index) => index + 1).join(',')}`, false],
    [null, false],
    [undefined, false],
    [10, false],
  ])('%j is one: %s', (text, expected) => {
    expect(isSnapshot(text)).toBe(expected);
  });
});
