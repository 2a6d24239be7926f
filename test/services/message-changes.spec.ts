import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { Principal } from '../../src/common/access/principal.js';
import { newId } from '../../src/common/identifier.js';
import type { MessageView } from '../../src/views/messages.view.js';
import { MessageChangesRepository } from '../../src/messages/changes/message-changes.repository.js';
import { holdCalls } from '../support/clients/held-calls.js';
import { held, waiters } from '../support/databases/held-rows.js';
import { createServices, refused, type Services } from '../support/services.js';

describe('the service of changes to messages', () => {
  let services: Services;
  let [owner, writer, reader, stranger]: [Principal, Principal, Principal, Principal] = [] as never;
  let id: string;
  let message: MessageView;
  beforeAll(async () => {
    services = await createServices();
  });
  afterAll(() => services?.close());
  beforeEach(async () => {
    [owner, writer, reader, stranger] = (await services.people(4)) as [Principal, Principal, Principal, Principal];
    id = await services.group(owner, writer, reader);
    message = await services.send(writer, id, 'first');
    services.clock.aheadMs = 0;
    services.events.length = 0;
  });
  const as = (name: string): Principal => ({ owner, writer, reader, stranger })[name] as Principal;

  it('edits one’s own, for all, and emits it once', async () => {
    const edited = await services.changes.edit(writer, message.id, 'second');
    expect(edited).toMatchObject({ content: 'second', editedAt: expect.any(String) });
    expect(await services.reader.view(reader, message.id)).toMatchObject({ content: 'second' });
    await services.changes.edit(writer, message.id, 'second');
    expect(services.namesOfEvents()).toEqual(['message.changed']);
  });

  it.each([
    ['owner', 'FORBIDDEN'],
    ['reader', 'FORBIDDEN'],
    ['stranger', 'NOT_FOUND'],
  ] as const)('lets nobody else edit it: the %s gets %s', async (name, code) => {
    await refused(services.changes.edit(as(name), message.id, 'mine'), code);
    expect(services.events).toEqual([]);
  });

  it('edits within fifteen minutes', async () => {
    services.clock.aheadMs = 14 * 60_000;
    await services.changes.edit(writer, message.id, 'in time');
    services.clock.aheadMs = 15 * 60_000 + 5_000;
    await refused(services.changes.edit(writer, message.id, 'too late'), 'EDIT_WINDOW_CLOSED');
  });

  it('edits nothing into a text of which nothing can be seen', async () => {
    await refused(services.changes.edit(writer, message.id, ' \n'), 'VALIDATION_FAILED');
  });

  it.each([
    ['writer', null],
    ['owner', null],
    ['reader', 'FORBIDDEN'],
    ['stranger', 'NOT_FOUND'],
  ] as const)('deletes for everybody by its sender and who runs the group: the %s gets %s', async (name, code) => {
    const deleting = services.changes.deleteForEveryone(as(name), message.id);
    if (code !== null) return refused(deleting, code);
    expect(await deleting).toMatchObject({ content: null, deletedAt: expect.any(String) });
    await services.changes.deleteForEveryone(as(name), message.id);
    expect(services.namesOfEvents()).toEqual(['message.changed']);
    await refused(services.changes.edit(writer, message.id, 'again'), 'MESSAGE_DELETED');
    await refused(services.changes.react(reader, message.id, '+1', false), 'MESSAGE_DELETED');
    const rows = await services.database.query('SELECT 1 FROM messages WHERE id = $1 AND content IS NOT NULL', [
      message.id,
    ]);
    expect(rows).toEqual([]);
  });

  it('deletes for oneself alone, once, and leaves it to the others', async () => {
    await services.changes.deleteForMe(reader, message.id);
    await services.changes.deleteForMe(reader, message.id);
    expect(services.namesOfEvents()).toEqual(['message.hidden']);
    expect(await services.reader.view(owner, message.id)).toMatchObject({ content: 'first' });
    expect((await services.reader.view(reader, message.id)).content).toBeNull();
  });

  it('counts each user’s reaction once, and takes it back', async () => {
    await services.changes.react(reader, message.id, '+1', false);
    await services.changes.react(reader, message.id, '+1', false);
    const both = await services.changes.react(owner, message.id, '+1', false);
    expect(both.reactions).toEqual([{ emoji: '+1', count: 2, mine: true }]);
    await services.changes.react(reader, message.id, '+1', true);
    await services.changes.react(reader, message.id, '+1', true);
    expect((await services.reader.view(reader, message.id)).reactions).toEqual([
      { emoji: '+1', count: 1, mine: false },
    ]);
    expect(services.namesOfEvents()).toEqual(['message.changed', 'message.changed', 'message.changed']);
  });

  it('lets one reaction of a user wait for its row, and none of the others hold a connection meanwhile', async () => {
    const holding = await held(services.database, 'SELECT 1 FROM users WHERE id = $1 FOR UPDATE', reader.userId);
    const emojis = Array.from({ length: 12 }, (_, index) => `e${index}`);
    const reacting = emojis.map((emoji) => services.changes.react(reader, message.id, emoji, false));
    await waiters(services.database, 1);
    expect(await services.receipts.move(owner, id, 'read', 2)).toMatchObject({ lastReadSeq: 2 });
    expect(await waiters(services.database, 1)).toBe(1);
    await holding.end();
    await Promise.all(reacting);
    expect((await services.reader.view(owner, message.id)).reactions).toHaveLength(emojis.length);
  });

  it('lets one of the users who react to a message wait for its row, and none of the others hold a connection meanwhile', async () => {
    const holding = await held(services.database, 'SELECT 1 FROM messages WHERE id = $1 FOR UPDATE', message.id);
    const users = [owner, writer, reader];
    const reacting = users.map((user) => services.changes.react(user, message.id, '+1', false));
    await waiters(services.database, 1);
    for (const user of users) await services.reader.view(user, message.id);
    expect(await waiters(services.database, 1)).toBe(1);
    await holding.end();
    await Promise.all(reacting);
    expect((await services.reader.view(owner, message.id)).reactions).toEqual([{ emoji: '+1', count: 3, mine: true }]);
  });

  it('leaves no image of a preview that was added while the message was deleted', async () => {
    const imageId = newId();
    await services.database.query(
      `INSERT INTO attachments (id, owner_id, kind, mime_type, size, name, state) VALUES ($1, $2, 'IMAGE', 'image/webp', 1, 'x', 'READY')`,
      [imageId, writer.userId],
    );
    const holding = await held(
      services.database,
      `WITH previewed AS (UPDATE messages SET link_preview = jsonb_build_object('imageId', $2::text) WHERE id = $1 RETURNING id, conversation_id)
       UPDATE attachments a SET message_id = previewed.id, conversation_id = previewed.conversation_id FROM previewed WHERE a.id = $2::uuid`,
      message.id,
      imageId,
    );
    const deleting = services.changes.deleteForEveryone(writer, message.id);
    await waiters(services.database, 1);
    await holding.end();
    await deleting;
    const kept = await services.database.query(`SELECT 1 FROM attachments WHERE id = $1 AND state = 'READY'`, [
      imageId,
    ]);
    expect(kept).toEqual([]);
  });

  it.each([
    ['a reaction', false],
    ['a reaction that is taken back', true],
  ])('changes nothing by %s of who was removed while it waited for the message', async (_, remove) => {
    if (remove) await services.changes.react(writer, message.id, '+1', false);
    services.events.length = 0;
    const holding = await held(services.database, 'SELECT 1 FROM messages WHERE id = $1 FOR UPDATE', message.id);
    const isRefused = refused(services.changes.react(writer, message.id, '+1', remove), 'NOT_FOUND');
    await waiters(services.database, 1);
    await services.groups.removeMember(owner, id, writer.userId);
    await holding.end();
    await isRefused;
    expect(services.namesOfEvents()).not.toContain('message.changed');
    expect((await services.reader.view(owner, message.id)).reactions).toHaveLength(remove ? 1 : 0);
  });

  it.each([
    ['has left', 'NOT_FOUND'],
    ['runs the group no more', 'FORBIDDEN'],
  ] as const)('deletes nothing that another wrote for who %s while it waited for the message', async (what, code) => {
    await services.groups.changeRole(owner, id, reader.userId, 'ADMIN');
    services.events.length = 0;
    const holding = await held(services.database, 'SELECT 1 FROM messages WHERE id = $1 FOR UPDATE', message.id);
    const isRefused = refused(services.changes.deleteForEveryone(reader, message.id), code);
    await waiters(services.database, 1);
    if (what === 'has left') await services.groups.removeMember(owner, id, reader.userId);
    else await services.groups.changeRole(owner, id, reader.userId, 'MEMBER');
    await holding.end();
    await isRefused;
    expect(services.namesOfEvents()).not.toContain('message.changed');
    expect(await services.reader.view(owner, message.id)).toMatchObject({ content: 'first', deletedAt: null });
  });

  it('changes nothing by an edit of who was removed after it was judged', async () => {
    const call = holdCalls(services.app, MessageChangesRepository, 'edit');
    const isRefused = refused(services.changes.edit(writer, message.id, 'second'), 'NOT_FOUND');
    while (call.count === 0) await new Promise(setImmediate);
    await services.groups.removeMember(owner, id, writer.userId);
    call.release();
    await isRefused;
    expect(services.namesOfEvents()).not.toContain('message.changed');
    expect(await services.reader.view(owner, message.id)).toMatchObject({ content: 'first' });
  });

  it('changes nothing by an edit or a reaction across a block that was made after it was judged', async () => {
    const directId = (await services.directConversations.open(writer, reader.userId)).conversationId;
    const direct = await services.send(writer, directId, 'first');
    services.events.length = 0;
    const calls = [
      holdCalls(services.app, MessageChangesRepository, 'edit'),
      holdCalls(services.app, MessageChangesRepository, 'lockForReaction'),
    ];
    const areRefused = Promise.all([
      refused(services.changes.edit(writer, direct.id, 'second'), 'CANNOT_MESSAGE'),
      refused(services.changes.react(writer, direct.id, '+1', false), 'CANNOT_MESSAGE'),
    ]);
    while (calls.some(({ count }) => count === 0)) await new Promise(setImmediate);
    await services.blocks.block(reader, writer.userId);
    for (const held of calls) held.release();
    await areRefused;
    expect(services.namesOfEvents()).not.toContain('message.changed');
    expect(await services.reader.view(reader, direct.id)).toMatchObject({ content: 'first', reactions: [] });
  });

  it('takes what is no reaction from nobody, and none from a stranger', async () => {
    await refused(services.changes.react(reader, message.id, 'two words', false), 'VALIDATION_FAILED');
    await refused(services.changes.react(stranger, message.id, '+1', false), 'NOT_FOUND');
    expect(services.events).toEqual([]);
  });

  it('changes nothing that the server wrote itself', async () => {
    const [{ id: system = '' } = {}] = await services.database.query<{ id: string }>(
      `SELECT id FROM messages WHERE conversation_id = $1 AND kind = 'SYSTEM'`,
      [id],
    );
    await refused(services.changes.deleteForEveryone(owner, system), 'FORBIDDEN');
    await refused(services.changes.edit(owner, system, 'x'), 'FORBIDDEN');
  });

  it('lets one of edits and deletions that come at once stand, and never brings a text back', async () => {
    for (let round = 0; round < 10; round += 1) {
      const { id: messageId } = await services.send(writer, id, 'racing');
      await Promise.allSettled([
        services.changes.edit(writer, messageId, 'edited'),
        services.changes.deleteForEveryone(owner, messageId),
        services.changes.edit(writer, messageId, 'edited again'),
      ]);
      expect(await services.reader.view(reader, messageId)).toMatchObject({
        content: null,
        deletedAt: expect.any(String),
      });
    }
  });
});
