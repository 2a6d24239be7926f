import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import type { Principal } from '../../src/common/access/principal.js';
import { createServices, refused, type Services } from '../support/services.js';

describe('the service of receipts', () => {
  let services: Services;
  let [ada, bob]: [Principal, Principal] = [] as never;
  let id: string;
  beforeAll(async () => {
    services = await createServices();
  });
  afterAll(() => services?.close());
  beforeEach(async () => {
    [ada, bob] = (await services.people(2)) as [Principal, Principal];
    id = (await services.directConversations.open(ada, bob.userId)).conversationId;
    for (const content of ['1', '2', '3', '4', '5']) await services.send(ada, id, content);
    services.events.length = 0;
  });

  it('moves forward only, and answers where the cursors are', async () => {
    expect(await services.receipts.move(bob, id, 'read', 3)).toEqual({ lastReadSeq: 3, lastDeliveredSeq: 3 });
    expect(await services.receipts.move(bob, id, 'read', 2)).toEqual({ lastReadSeq: 3, lastDeliveredSeq: 3 });
    expect(await services.receipts.move(bob, id, 'read', 3)).toEqual({ lastReadSeq: 3, lastDeliveredSeq: 3 });
    expect(services.events).toEqual([
      { name: 'receipt.moved', event: expect.objectContaining({ userId: bob.userId, kind: 'read', seq: 3 }) },
    ]);
  });

  it('counts what is delivered apart from what is read, and never less', async () => {
    expect(await services.receipts.move(bob, id, 'delivered', 4)).toEqual({ lastReadSeq: 0, lastDeliveredSeq: 4 });
    expect(await services.receipts.move(bob, id, 'read', 2)).toEqual({ lastReadSeq: 2, lastDeliveredSeq: 4 });
    expect(await services.receipts.move(bob, id, 'read', 5)).toEqual({ lastReadSeq: 5, lastDeliveredSeq: 5 });
  });

  it('never goes beyond the newest message', async () => {
    expect(await services.receipts.move(bob, id, 'read', 2_000_000)).toEqual({ lastReadSeq: 5, lastDeliveredSeq: 5 });
    expect(services.events).toEqual([{ name: 'receipt.moved', event: expect.objectContaining({ seq: 5 }) }]);
  });

  it('moves with what its member sends', async () => {
    await services.send(bob, id, 'answer');
    expect(await services.receipts.move(bob, id, 'read', 1)).toEqual({ lastReadSeq: 6, lastDeliveredSeq: 6 });
  });

  it('is for members alone', async () => {
    const eve = await services.person();
    await refused(services.receipts.move(eve, id, 'read', 1), 'NOT_FOUND');
    await refused(services.receipts.move(eve, eve.userId, 'read', 1), 'NOT_FOUND');
    expect(services.events).toEqual([]);
  });

  it('stores a burst as few moves, answers each once its own position is stored, and emits each position once', async () => {
    const answers = await Promise.all(
      Array.from({ length: 200 }, (_, index) => services.receipts.move(bob, id, 'read', 1 + (index % 5))),
    );
    for (const [index, { lastReadSeq }] of answers.entries())
      expect(lastReadSeq).toBeGreaterThanOrEqual(1 + (index % 5));
    const emitted = services.events.map(({ event }) => (event as { seq: number }).seq);
    expect(emitted).toEqual([...new Set(emitted)].sort((a, b) => a - b));
    expect(emitted.at(-1)).toBe(5);
    expect(emitted.length).toBeLessThanOrEqual(2);
  });

  it('is not shown to a stranger before its member has answered, and then as it is', async () => {
    const shown = async (viewer: Principal): Promise<Record<string, number>> => {
      const { items } = await services.conversations.receipts(viewer, id, { limit: 50 });
      return Object.fromEntries(items.map(({ userId, lastReadSeq }) => [userId, lastReadSeq]));
    };
    await services.receipts.move(bob, id, 'read', 2);
    expect(await shown(ada)).toEqual({ [ada.userId]: 5, [bob.userId]: 0 });
    expect(await shown(bob)).toEqual({ [ada.userId]: 5, [bob.userId]: 2 });
    await services.send(bob, id, 'answer');
    expect(await shown(ada)).toEqual({ [ada.userId]: 5, [bob.userId]: 6 });
  });

  it('stores few of one user at once, so that others are not kept waiting, and all in the end', async () => {
    const { database } = services;
    const query = database.query.bind(database);
    let [underWay, most] = [0, 0];
    Object.assign(database, {
      query: (...given: Parameters<typeof query>) => {
        if (given[2] !== 'move_delivered_cursor' || given[1]?.[1] !== ada.userId) return query(...given);
        underWay += 1;
        most = Math.max(most, underWay);
        return query(...given).finally(() => (underWay -= 1));
      },
    });
    try {
      // These conversations do not exist, so that none of it is stored together.
      const flood = Array.from({ length: 500 }, () => services.receipts.move(ada, randomUUID(), 'delivered', 1));
      expect(await services.receipts.move(bob, id, 'read', 3)).toEqual({ lastReadSeq: 3, lastDeliveredSeq: 3 });
      for (const answer of flood) await refused(answer, 'NOT_FOUND');
    } finally {
      Object.assign(database, { query });
    }
    expect(most).toBe(8);
  });
});
