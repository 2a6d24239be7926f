import { describe, expect, it } from '@jest/globals';
import type { MessageItem } from '@parley/client';
import { keyOf, layOut } from './layout.js';

const NOON = Date.parse('2026-11-20T12:00:00');
const DAY_MS = 24 * 3_600_000;
const MINUTE_MS = 60_000;

/** A message some minutes after noon. */
const message = (seq: number | null, minutes: number, changes: Partial<MessageItem> = {}): MessageItem =>
  ({
    id: seq === null ? null : `id ${seq}`,
    clientId: `client ${seq ?? minutes}`,
    seq,
    senderId: 'ada',
    kind: 'TEXT',
    createdAt: new Date(NOON + minutes * MINUTE_MS).toISOString(),
    ...changes,
  }) as MessageItem;

/** What is drawn: `day`, `unread`, and of each message its number and where its run begins and ends. */
const outline = (items: readonly MessageItem[], firstUnreadSeq: number | null = null): string[] =>
  layOut(items, firstUnreadSeq).map((entry) =>
    entry.type === 'message'
      ? `${entry.isFirst ? '[' : ''}${entry.item.seq ?? 'pending'}${entry.isLast ? ']' : ''}`
      : entry.type,
  );

describe('the layout of messages', () => {
  it.each<[string, MessageItem[], string[]]>([
    ['nothing', [], []],
    ['one message', [message(1, 0)], ['day', '[1]']],
    ['a run of one sender', [message(1, 0), message(2, 1), message(3, 2)], ['day', '[1', '2', '3]']],
    ['two senders', [message(1, 0), message(2, 1, { senderId: 'bob' })], ['day', '[1]', '[2]']],
    ['a pause of almost five minutes', [message(1, 0), message(2, 4.99)], ['day', '[1', '2]']],
    ['a pause of five minutes', [message(1, 0), message(2, 5)], ['day', '[1]', '[2]']],
    [
      'a run that goes on for longer than a pause',
      [message(1, 0), message(2, 4), message(3, 8)],
      ['day', '[1', '2', '3]'],
    ],
    [
      'what happened in the group, which is in no run',
      [message(1, 0), message(2, 1, { kind: 'SYSTEM' }), message(3, 2)],
      ['day', '[1]', '[2]', '[3]'],
    ],
    [
      'what its reader has deleted, which leaves no trace',
      [message(1, 0), message(2, 1, { hiddenAt: '2026-11-20T13:00:00.000Z' }), message(3, 2)],
      ['day', '[1', '3]'],
    ],
    [
      'midnight',
      [message(1, 12 * 60 - 1), message(2, 12 * 60 + 1), message(3, 12 * 60 + 2)],
      ['day', '[1]', 'day', '[2', '3]'],
    ],
    ['what is not sent yet', [message(1, 0), message(null, 1)], ['day', '[1', 'pending]']],
  ])('draws %s', (_, items, expected) => {
    expect(outline(items)).toEqual(expected);
  });

  it.each<[string, number | null, string[]]>([
    ['none is unread', null, ['day', '[5', '6', '7]']],
    ['the second is the first unread one', 6, ['day', '[5]', 'unread', '[6', '7]']],
    ['all that is held is unread, from its first on', 5, ['day', 'unread', '[5', '6', '7]']],
    ['the first unread one is further above than what is held', 3, ['day', '[5', '6', '7]']],
    ['the first unread one has not come', 8, ['day', '[5', '6', '7]']],
  ])('has its line above the unread ones where %s', (_, firstUnreadSeq, expected) => {
    expect(outline([message(5, 0), message(6, 1), message(7, 2)], firstUnreadSeq)).toEqual(expected);
  });

  it('has one heading for each day', () => {
    const items = [0, 1, 2].map((days) =>
      message(days + 1, 0, { createdAt: new Date(NOON + days * DAY_MS).toISOString() }),
    );
    const days = layOut(items, null).filter(({ type }) => type === 'day');
    expect(new Set(days.map((day) => 'key' in day && day.key)).size).toBe(3);
  });

  it('knows a message by one key before and after it is stored', () => {
    expect(keyOf(message(null, 0, { clientId: 'x' }))).toBe(keyOf(message(9, 0, { clientId: 'x' })));
    expect(keyOf(message(9, 0, { clientId: 'x', senderId: 'bob' }))).not.toBe(keyOf(message(9, 0, { clientId: 'x' })));
    expect(keyOf(message(9, 0, { clientId: null }))).toBe('id 9');
  });
});
