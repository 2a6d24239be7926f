import { describe, expect, it } from '@jest/globals';
import { EarlyInput } from '../../src/outbox/early-input.js';
import type { OutboxCommand } from '../../src/outbox/types.js';
import type { Database, StoredRow } from '../../src/ports/storage.js';
import { memoryStorage } from '../../src/storage/memory.js';
import { settled } from '../support/virtual-clock.js';
import { file } from './device.js';

describe('what is typed before the engine runs', () => {
  const drafts = (database: Database): Promise<StoredRow[]> =>
    database.transaction('readonly', ['drafts'], (transaction) => transaction.range('drafts'));
  const send = (clientId: string, conversationId: string): OutboxCommand => ({
    type: 'send',
    clientId,
    conversationId,
    content: clientId,
  });

  it('keeps the stored draft of a message that is in memory alone, of those behind it too, and stores all others', async () => {
    const database = await memoryStorage({ strict: true }).open('ada');
    const before = ['a', 'b', 'c', 'd'].map((key) => [key, 'sent'] as const);
    await database.transaction('readwrite', ['drafts'], async (transaction) => {
      for (const [key, text] of before) await transaction.put('drafts', key, text);
    });
    const early = new EarlyInput();
    early.begin('ada', new Error('none'));
    const channel = { post: () => undefined, subscribe: () => () => undefined, close: () => undefined };
    early.storeIn({ database, channel: () => channel }, [], before);
    await early.add(send('first', 'd'), [], 0);
    void early.add(send('picture', 'a'), [file('cat')], 1);
    void early.add(send('behind', 'b'), [], 2);
    void early.add({ type: 'read', clientId: 'read', conversationId: 'c', seq: 1 }, [], 3);
    for (const [key] of before) early.keepDraft(key, '');
    early.keepDraft('c', 'goes on');
    await settled();
    expect(['a', 'b', 'c', 'd'].map((id) => early.drafts.of(id))).toEqual(['', '', 'goes on', '']);
    expect(await drafts(database)).toEqual([
      { key: 'a', value: 'sent' },
      { key: 'b', value: 'sent' },
      { key: 'c', value: 'goes on' },
    ]);
    // The engine has them.
    await early.pause();
    const handed: [string, string][] = [];
    early.handTo({
      enqueue: () => Promise.resolve(),
      outbox: { cancel: () => Promise.resolve(true), adopt: () => Promise.resolve() },
      drafts: { keep: (...draft) => handed.push(draft) },
    });
    expect(handed).toEqual([
      ['a', ''],
      ['b', ''],
    ]);
  });

  it('is newer than what a storage held that was removed, whose drafts take the place of none', () => {
    const early = new EarlyInput();
    const shown = (): string[] => ['a', 'b', 'c'].map((id) => early.drafts.of(id));
    early.keepDraft('a', 'newer');
    early.keepDraft('b', '');
    const seen = new Set<string>();
    early.drafts.subscribe(() => seen.add(early.drafts.of('a')));
    early.restore('ada', { items: [], drafts: ['a', 'b', 'c'].map((id) => [id, 'older'] as const) });
    expect([shown(), [...seen]]).toEqual([['newer', '', 'older'], ['newer']]);
  });
});
