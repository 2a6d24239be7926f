import { describe, expect, it } from '@jest/globals';
import { CatchUp } from './catch-up.js';
import type { Change } from './catch-up.repository.js';

describe('catching up with what other processes stored', () => {
  it('asks all who are concerned to sync, in however many steps they are looked at, before anything counts as repaired', async () => {
    const userIds = Array.from({ length: 501 }, (_, index) => `user ${index}`);
    const done: unknown[] = [];
    const change = (userId: string): Change => ({
      userId,
      conversationId: 'group',
      isMember: true,
      firstSeq: 1,
      isOwn: false,
      isConversation: true,
      isOther: false,
    });
    let isRepaired = false;
    const relay = {
      isMissing: () => !isRepaired,
      deliverMissing: () => undefined,
      repaired: (upTo: ReadonlyMap<string, number>) => {
        isRepaired = true;
        done.push([...upTo]);
      },
    };
    // Edited since: it is another message to some, who have to ask for it.
    const message = { conversationId: 'group', version: 2, system: null };
    const repository = {
      snapshot: () => Promise.resolve('2:2:'),
      changes: (_: string, ids: readonly string[]) => Promise.resolve(ids.map(change)),
      changedUserIds: () => Promise.resolve([]),
    };
    const messages = {
      createdSince: () => Promise.resolve([{ id: 'm', conversationId: 'group', seq: 7, xid: '1' }]),
      listPublished: () => Promise.resolve([{ created: { message } }]),
    };
    const catchUp = new CatchUp(
      repository as never,
      {
        begin: () => ({}),
        abandon: () => undefined,
        awaitedUserIds: () => userIds,
        forgetLost: () => undefined,
      } as never,
      { endUnsyncable: () => undefined, askToSync: (ids: string[]) => done.push(ids.length) } as never,
      {} as never,
      relay as never,
      messages as never,
      { close: () => Promise.resolve() } as never,
      { deliverMissing: () => Promise.resolve() } as never,
    );
    expect(await catchUp.run('1:1:', false)).toBe('2:2:');
    expect(done).toEqual([501, [['group', 7]]]);
  });
});
