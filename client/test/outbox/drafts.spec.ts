import { describe, expect, it } from '@jest/globals';
import { StoredDrafts } from '../../src/outbox/drafts.js';
import { systemClock as clock } from '../../src/ports/platform.js';
import type { Database } from '../../src/ports/storage.js';
import { memoryStorage } from '../../src/storage/memory.js';
import { RowWriter } from '../../src/sync/row-writer.js';

async function started(database: Database): Promise<{ drafts: StoredDrafts; writer: RowWriter }> {
  const writer = new RowWriter(database, clock);
  const drafts = new StoredDrafts({ database, writer, clock });
  await drafts.start();
  return { drafts, writer };
}

describe('a draft', () => {
  it('outlives the app, each of its own conversation, and is gone when it is emptied', async () => {
    const database = await memoryStorage().open('ada');
    const before = await started(database);
    for (const text of ['H', 'He', 'Hello']) before.drafts.keep('a', text);
    before.drafts.keep('b', 'Good bye');
    before.drafts.keep('b', '');
    expect(before.drafts.of('a')).toBe('Hello');
    await before.writer.flush();
    const { drafts } = await started(database);
    expect(['a', 'b', 'c'].map((id) => drafts.of(id))).toEqual(['Hello', '', '']);
  });

  it('is what was typed while the storage was still read', async () => {
    const database = await memoryStorage().open('ada');
    const before = await started(database);
    before.drafts.keep('a', 'old');
    before.drafts.keep('b', 'old too');
    await before.writer.flush();
    const drafts = new StoredDrafts({ database, writer: new RowWriter(database, clock), clock });
    const start = drafts.start();
    drafts.keep('a', 'new');
    await start;
    expect([drafts.of('a'), drafts.of('b')]).toEqual(['new', 'old too']);
  });

  it('is shown as another tab has stored it, and its listeners are called only for a change', async () => {
    const { drafts, writer } = await started(await memoryStorage().open('ada'));
    let calls = 0;
    drafts.subscribe(() => (calls += 1));
    drafts.keep('a', 'here');
    drafts.keep('a', 'here');
    expect(calls).toBe(1);
    drafts.takeRows({ rows: [['outbox', 'a', 'not a draft']] });
    expect([drafts.of('a'), calls]).toEqual(['here', 1]);
    // What is still to be stored here comes after it.
    drafts.takeRows({ rows: [['drafts', 'a', 'before']] });
    expect([drafts.of('a'), calls]).toEqual(['here', 1]);
    await writer.flush();
    drafts.takeRows({ rows: [['drafts', 'a', 'there']] });
    expect(drafts.of('a')).toBe('there');
    drafts.takeRows({ rows: [['drafts', 'a', undefined]] });
    expect(drafts.of('a')).toBe('');
    expect(calls).toBe(3);
  });
});
