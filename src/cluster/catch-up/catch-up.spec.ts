import { describe, expect, it } from '@jest/globals';
import type { PlacedMessage } from '../../messages/reading/message-reader.js';
import { CatchUp } from './catch-up.js';
import type { Change } from './catch-up.repository.js';

/** A catch-up of this many users in one group, with what it does; `created` answers what each step finds stored. */
function catchUpOf(
  users: number,
  created: () => PlacedMessage[],
  beforeChanges: (userIds: readonly string[]) => void = () => undefined,
): { catchUp: CatchUp; done: unknown[] } {
  const userIds = Array.from({ length: users }, (_, index) => `user ${index}`);
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
    changes: (_: string, ids: readonly string[]) => {
      beforeChanges(ids);
      return Promise.resolve(ids.map(change));
    },
    changedUserIds: () => Promise.resolve([]),
  };
  const messages = {
    createdSince: () => Promise.resolve(created()),
    listPublished: (ids: readonly string[]) => Promise.resolve(ids.map(() => ({ created: { message } }))),
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
  return { catchUp, done };
}

describe('catching up with what other processes stored', () => {
  it('asks all who are concerned to sync, in however many steps they are looked at, before anything counts as repaired', async () => {
    const { catchUp, done } = catchUpOf(501, () => [{ id: 'm', conversationId: 'group', seq: 7, xid: '1' }]);
    expect(await catchUp.run('1:1:', false)).toBe('2:2:');
    expect(done).toEqual([501, [['group', 7]]]);
  });

  it('leaves to the next run what was stored behind its beginning, which an earlier step cannot have found', async () => {
    const before = { id: 'm', conversationId: 'group', seq: 7, xid: '1' };
    const steps = [[before], [before, { id: 'n', conversationId: 'group', seq: 8, xid: '2' }]];
    const { catchUp, done } = catchUpOf(501, () => steps.shift() ?? []);
    expect(await catchUp.run('1:1:', false)).toBe('2:2:');
    expect(done).toEqual([501, [['group', 7]]]);
  });

  it.each([
    ['PostgreSQL', Object.assign(new Error('canceling statement due to statement timeout'), { code: '57014' })],
    ['the driver', new Error('Query read timeout')],
  ])(
    'looks at fewer users at a time where %s gives a step up for its time, and at each of them',
    async (_, timeout) => {
      const sizes: number[] = [];
      const { catchUp, done } = catchUpOf(
        501,
        () => [{ id: 'm', conversationId: 'group', seq: 7, xid: '1' }],
        (userIds) => {
          sizes.push(userIds.length);
          if (userIds.length > 150) throw timeout;
        },
      );
      expect(await catchUp.run('1:1:', false)).toBe('2:2:');
      expect(sizes).toEqual([500, 250, 125, 125, 125, 125, 1]);
      expect(done).toEqual([501, [['group', 7]]]);
    },
  );

  it('fails where one user takes too long, and at once for any other reason', async () => {
    const failing = (error: Error): { run: Promise<string>; sizes: number[] } => {
      const sizes: number[] = [];
      const { catchUp } = catchUpOf(
        4,
        () => [],
        (userIds) => {
          sizes.push(userIds.length);
          throw error;
        },
      );
      return { run: catchUp.run('1:1:', false), sizes };
    };
    const slow = failing(new Error('Query read timeout'));
    await expect(slow.run).rejects.toThrow('Query read timeout');
    expect(slow.sizes).toEqual([4, 2, 1]);
    const away = failing(Object.assign(new Error('it is away'), { code: 'ECONNREFUSED' }));
    await expect(away.run).rejects.toThrow('it is away');
    expect(away.sizes).toEqual([4]);
  });
});
