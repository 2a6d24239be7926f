import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { Principal } from '../../src/common/principal.js';
import type { SyncView } from '../../src/sync/sync.view.js';
import { createServices, refused, type Services } from '../support/services.js';

describe('the service of sync', () => {
  let services: Services;
  let [ada, bob]: [Principal, Principal] = [] as never;
  let id: string;
  beforeAll(async () => {
    services = await createServices();
  });
  afterAll(() => services?.close());
  beforeEach(async () => {
    [ada, bob] = (await services.people(2)) as [Principal, Principal];
    id = await services.group(ada, bob);
  });

  /** All pages from a cursor on. */
  const all = async (
    principal: Principal,
    from?: string,
    limit = 100,
  ): Promise<{ cursor: string; pages: SyncView[] }> => {
    const pages: SyncView[] = [];
    for (let cursor = from; ; ) {
      const page = await services.sync.sync(principal, { cursor, limit });
      if ('reset' in page) throw new Error('a reset was not asked for');
      pages.push(page);
      cursor = page.cursor;
      if (!page.hasMore) return { cursor, pages };
    }
  };

  it('begins with the conversations and nothing of the past', async () => {
    await services.say(ada, id, 'before');
    const { pages } = await all(bob);
    expect(pages.flatMap(({ conversations }) => conversations.map((conversation) => conversation.id))).toEqual([id]);
    expect(pages.flatMap(({ messages }) => messages)).toEqual([]);
  });

  it('brings what changed, each once and as it stands, in pages of any size', async () => {
    const { cursor } = await all(bob);
    const messages = [];
    for (let index = 0; index < 10; index += 1) messages.push(await services.say(ada, id, `${index}`));
    await services.changes.edit(ada, messages[3]?.id ?? '', 'edited');
    await services.changes.deleteForEveryone(ada, messages[5]?.id ?? '');
    for (const limit of [1, 3, 100]) {
      const { pages } = await all(bob, cursor, limit);
      const found = pages.flatMap((page) => page.messages);
      expect([limit, found.map(({ content }) => content)]).toEqual([
        limit,
        ['0', '1', '2', 'edited', '4', null, '6', '7', '8', '9'],
      ]);
      for (const page of pages) expect(page.messages.length).toBeLessThanOrEqual(limit);
    }
  });

  it('brings nothing where nothing changed, and nothing of others', async () => {
    const eve = await services.person();
    const { cursor } = await all(eve);
    await services.say(ada, id, 'not for her');
    const { pages } = await all(eve, cursor);
    expect(pages).toHaveLength(1);
    expect(pages[0]).toMatchObject({ conversations: [], messages: [], receipts: [], leftConversationIds: [] });
  });

  it('says what was left, and brings nothing of it', async () => {
    const { cursor } = await all(bob);
    await services.say(ada, id, 'last');
    await services.groups.removeMember(ada, id, bob.userId);
    await services.say(ada, id, 'without him');
    const { pages } = await all(bob, cursor);
    expect(pages.flatMap(({ leftConversationIds }) => leftConversationIds)).toEqual([id]);
    expect(pages.flatMap(({ messages }) => messages)).toEqual([]);
  });

  it('answers a cursor of somebody else with a reset, and refuses what is none', async () => {
    const { cursor } = await all(ada);
    expect(await services.sync.sync(bob, { cursor })).toEqual({ reset: true });
    await refused(services.sync.sync(bob, { cursor: 'x' }), 'VALIDATION_FAILED');
  });

  it('brings what commits late to who has moved on meanwhile', async () => {
    const { cursor } = await all(bob);
    let commit = (): void => undefined;
    let begun = (): void => undefined;
    const isBegun = new Promise<void>((resolve) => (begun = resolve));
    const late = services.database.transaction(async (transaction) => {
      await transaction.query(
        `UPDATE conversations SET title = 'Late', changed_xid = pg_current_xact_id() WHERE id = $1`,
        [id],
      );
      begun();
      await new Promise<void>((resolve) => (commit = resolve));
    });
    await isBegun;
    const other = await services.group(ada, bob);
    const meanwhile = await all(bob, cursor);
    expect(meanwhile.pages.flatMap(({ conversations }) => conversations.map((one) => one.id))).toEqual([other]);
    commit();
    await late;
    const { pages } = await all(bob, meanwhile.cursor);
    expect(pages.flatMap(({ conversations }) => conversations.map(({ title }) => title))).toEqual(['Late']);
  });
});
