import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { Principal } from '../../src/common/access/principal.js';
import type { MemberRole } from '../../src/views/conversations.view.js';
import { held, waiters } from '../support/databases/held-rows.js';
import { createServices, refused, type Services } from '../support/services.js';

describe('the service of groups', () => {
  let services: Services;
  type Four = [Principal, Principal, Principal, Principal];
  let [owner, admin, member, stranger]: Four = [] as never;
  let id: string;
  beforeAll(async () => {
    services = await createServices();
  });
  afterAll(() => services?.close());
  beforeEach(async () => {
    [owner, admin, member, stranger] = (await services.people(4)) as Four;
    id = await services.group(owner, admin, member);
    await services.groups.changeRole(owner, id, admin.userId, 'ADMIN');
    services.events.length = 0;
  });

  const roles = async (): Promise<Record<string, MemberRole>> => {
    const names = new Map([
      [owner.userId, 'owner'],
      [admin.userId, 'admin'],
      [member.userId, 'member'],
      [stranger.userId, 'stranger'],
    ]);
    const rows = await services.database.query<{ userId: string; role: MemberRole }>(
      `SELECT m.user_id AS "userId", m.role::text FROM conversation_members m WHERE m.conversation_id = $1
         AND m.left_at IS NULL`,
      [id],
    );
    return Object.fromEntries(rows.map(({ userId, role }) => [names.get(userId), role]));
  };
  const as = (name: string): Principal => ({ owner, admin, member, stranger })[name] as Principal;

  it('lets one of those who leave at once wait for the group, and none of the others hold a connection meanwhile', async () => {
    const holding = await held(services.database, 'SELECT 1 FROM conversations WHERE id = $1 FOR UPDATE', id);
    const leaving = [owner, admin, member].map((user) => services.groups.removeMember(user, id, user.userId));
    await waiters(services.database, 1);
    for (const user of [owner, admin, member]) await services.conversations.view(user, id);
    expect(await waiters(services.database, 1)).toBe(1);
    await holding.end();
    await Promise.all(leaving);
    expect(await roles()).toEqual({});
  });

  it.each([
    ['owner', 'admin', true],
    ['owner', 'member', true],
    ['admin', 'owner', false],
    ['admin', 'member', true],
    ['member', 'owner', false],
    ['member', 'admin', false],
  ])('lets the %s remove the %s: %s', async (actor, target, isAllowed) => {
    const before = await roles();
    const removing = services.groups.removeMember(as(actor), id, as(target).userId);
    if (!isAllowed) {
      await refused(removing, 'FORBIDDEN');
      expect(await roles()).toEqual(before);
      return expect(services.events).toEqual([]);
    }
    await removing;
    const { [target]: _, ...others } = before;
    expect(await roles()).toEqual(others);
    expect(services.events).toEqual([
      {
        name: 'messages.created',
        event: { messages: [expect.objectContaining({ group: { leftId: as(target).userId } })] },
      },
    ]);
  });

  it.each([
    ['owner', 'member', 'ADMIN', true],
    ['owner', 'owner', 'MEMBER', false],
    ['admin', 'member', 'ADMIN', false],
    ['admin', 'admin', 'OWNER', false],
    ['member', 'member', 'OWNER', false],
  ] as const)('lets the %s make the %s %s: %s', async (actor, target, role, isAllowed) => {
    const before = await roles();
    const changing = services.groups.changeRole(as(actor), id, as(target).userId, role);
    if (isAllowed) await changing;
    else await refused(changing, 'FORBIDDEN');
    expect(await roles()).toEqual(isAllowed ? { ...before, [target]: role } : before);
  });

  it('has one owner, whoever it is handed to, and stays with the next where the owner leaves', async () => {
    await services.groups.changeRole(owner, id, member.userId, 'OWNER');
    expect(await roles()).toEqual({ owner: 'ADMIN', admin: 'ADMIN', member: 'OWNER' });
    await services.groups.removeMember(member, id, member.userId);
    expect(Object.values(await roles()).sort()).toEqual(['ADMIN', 'OWNER']);
    for (const left of [owner, admin]) await services.groups.removeMember(left, id, left.userId);
    expect(await roles()).toEqual({});
  });

  it('says nothing to those who do not manage it of whom they name', async () => {
    await refused(services.groups.addMembers(member, id, [stranger.userId]), 'FORBIDDEN');
    await refused(services.groups.addMembers(member, id, ['01900000-0000-7000-8000-000000000000']), 'FORBIDDEN');
    await refused(services.groups.addMembers(stranger, id, [stranger.userId]), 'NOT_FOUND');
    await refused(services.groups.addMembers(owner, id, ['01900000-0000-7000-8000-000000000000']), 'NOT_FOUND');
    expect(services.events).toEqual([]);
  });

  it('adds each once, and refuses where nobody is new or named', async () => {
    await services.groups.addMembers(admin, id, [member.userId, stranger.userId]);
    expect(await roles()).toEqual({ owner: 'OWNER', admin: 'ADMIN', member: 'MEMBER', stranger: 'MEMBER' });
    expect(services.events).toEqual([
      {
        name: 'messages.created',
        event: { messages: [expect.objectContaining({ group: { joinedIds: [stranger.userId] } })] },
      },
    ]);
    await refused(services.groups.addMembers(owner, id, [stranger.userId]), 'ALREADY_MEMBER');
    await refused(services.groups.addMembers(owner, id, []), 'VALIDATION_FAILED');
  });

  it('adds nobody across a block of the caller’s or of who runs it', async () => {
    await services.blocks.block(stranger, admin.userId);
    await refused(services.groups.addMembers(admin, id, [stranger.userId]), 'NOT_FOUND');
    await refused(services.groups.addMembers(owner, id, [stranger.userId]), 'CANNOT_MESSAGE');
    expect(await roles()).not.toHaveProperty('stranger');
  });

  it('takes back who left by itself from its friends alone', async () => {
    await services.groups.removeMember(member, id, member.userId);
    await refused(services.groups.addMembers(owner, id, [member.userId]), 'CANNOT_MESSAGE');
    await services.befriend(owner, member);
    await services.groups.addMembers(owner, id, [member.userId]);
    expect(await roles()).toMatchObject({ member: 'MEMBER' });
  });

  it('takes nobody who is in 2,000 groups already, and says who it is', async () => {
    await services.database.query(
      `WITH made AS (
         INSERT INTO conversations (id, type, title, created_by)
         SELECT gen_random_uuid(), 'GROUP', 'One of many', $1 FROM generate_series(1, 2000) RETURNING id
       ) INSERT INTO conversation_members (conversation_id, user_id) SELECT id, $2 FROM made`,
      [owner.userId, stranger.userId],
    );
    const other = await services.person();
    const errors = { 'memberIds.1': ['is in too many groups'] };
    const both = [other.userId, stranger.userId];
    await expect(services.groups.addMembers(owner, id, both)).rejects.toMatchObject({ code: 'LIMIT_REACHED', errors });
    await expect(services.groups.create(owner, 'New', both)).rejects.toMatchObject({ code: 'LIMIT_REACHED', errors });
    await refused(services.groups.create(stranger, 'Own', []), 'LIMIT_REACHED');
    expect(services.events).toEqual([]);
    // Neither what one left nor a conversation of two counts.
    await services.directConversations.open(stranger, other.userId);
    await services.database.query(
      `UPDATE conversation_members SET left_at = now() WHERE user_id = $1 AND conversation_id =
         (SELECT min(conversation_id::text)::uuid FROM conversation_members WHERE user_id = $1 AND conversation_id IN
           (SELECT id FROM conversations WHERE type = 'GROUP'))`,
      [stranger.userId],
    );
    await services.groups.addMembers(owner, id, both);
    await refused(services.groups.create(stranger, 'Own', []), 'LIMIT_REACHED');
  });

  it('changes its title for all, and emits nothing where it stays', async () => {
    await services.groups.update(owner, id, { title: 'Group' });
    expect(services.events).toEqual([]);
    await services.groups.update(admin, id, { title: 'Chess' });
    expect((await services.conversations.view(member, id)).title).toBe('Chess');
    expect(services.namesOfEvents()).toEqual(['messages.created']);
    await refused(services.groups.update(member, id, { title: 'Mine' }), 'FORBIDDEN');
  });

  it('waits for no lock of a group that its caller is no member of', async () => {
    const [owner, former] = (await services.people(2)) as [Principal, Principal];
    const group = await services.group(owner, former);
    await services.groups.removeMember(former, group, former.userId);
    await services.database.background.transaction(async (transaction) => {
      await transaction.query('SELECT 1 FROM conversations WHERE id = $1 FOR UPDATE', [group]);
      await refused(services.groups.removeMember(former, group, former.userId), 'NOT_FOUND');
    });
  });

  it('takes no act for a group upon a direct conversation', async () => {
    const { conversationId } = await services.directConversations.open(owner, member.userId);
    await refused(services.groups.update(owner, conversationId, { title: 'x' }), 'NOT_A_GROUP');
    await refused(services.groups.addMembers(owner, conversationId, [stranger.userId]), 'NOT_A_GROUP');
    await refused(services.groups.removeMember(owner, conversationId, owner.userId), 'NOT_A_GROUP');
  });

  it('is left once where its member leaves and is removed at the same moment', async () => {
    const outcomes = await Promise.allSettled([
      services.groups.removeMember(member, id, member.userId),
      services.groups.removeMember(owner, id, member.userId),
    ]);
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    expect(services.events).toHaveLength(1);
  });
});
