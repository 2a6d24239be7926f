import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Server, Socket } from 'socket.io';
import { Database } from '../../../src/database/database.js';
import { Attention } from '../../../src/presence/attention.js';
import { Rooms } from '../../../src/realtime/delivery/rooms.js';
import { type Phone, logged, logOf, type PushStory, startPushStory, unreadOf } from '../../support/push/push-story.js';
import { type Device, type Person, until } from '../../support/story.js';
import { olderDevice } from '../../dialects/clients.js';
import { Frames } from '../../dialects/frames.js';

const FAR = '2099-01-01T00:00:00.000Z';

describe('whether a phone rings', () => {
  let push: PushStory;
  let ada: Person;
  beforeAll(async () => {
    push = await startPushStory();
    ada = await push.story.person('ada');
  });
  afterAll(async () => {
    await push?.close();
    expect(push.faults()).toEqual([]);
  });

  const pair = async (): Promise<Phone & { conversationId: string }> => {
    const phone = await push.owner('bob');
    return { ...phone, conversationId: await ada.directConversation(phone.person) };
  };

  /** As Engine.IO ends a connection that answered no ping. */
  const endUnanswered = ({ socket }: Device): void => {
    const rooms = push.story.app.get(Rooms, { strict: false });
    const { server } = rooms as unknown as { server: Server };
    const { conn } = server.sockets.sockets.get(socket.id ?? '') as Socket;
    (conn as unknown as { onClose(reason: string): void }).onClose('ping timeout');
  };

  it('rings where nobody looks, with who wrote, what, and how much there is to read', async () => {
    const { person: bob, token, conversationId } = await pair();
    const message = await ada.send(conversationId, 'See you at nine');
    const [notification] = await push.expo.arrived(token);
    expect(notification).toEqual({
      address: token,
      title: ada.username,
      body: 'See you at nine',
      badge: 1,
      sound: true,
      tag: conversationId,
      quiet: false,
      data: { kind: 'message', conversationId, messageId: message.id, seq: 1, senderId: ada.id, badge: 1 },
    });
    expect(await logged(bob, { outcome: 'sent' })).toMatchObject({ conversationId, seq: 1 });
    expect(await unreadOf(bob)).toBe(1);
  });

  it('speaks the language of the device, and English where it knows no other', async () => {
    const conversations = async (locale: string): Promise<{ token: string; conversationId: string }> => {
      const { person, token } = await push.owner('bob', { locale, preview: 'none' });
      return { token, conversationId: await ada.directConversation(person) };
    };
    const [german, unknown] = [await conversations('de-AT'), await conversations('tlh')];
    for (const { conversationId } of [german, unknown]) await ada.send(conversationId, 'secret');
    expect(await push.expo.arrived(german.token)).toMatchObject([
      { title: 'Neue Nachricht', body: 'Eine neue Nachricht ist da' },
    ]);
    expect(await push.expo.arrived(unknown.token)).toMatchObject([
      { title: 'New message', body: 'You have a new message' },
    ]);
  });

  it('never rings where somebody looks at the conversation', async () => {
    const { person: bob, token, conversationId } = await pair();
    const device = await bob.device();
    await device.must('join_conversation', { conversationId });
    await ada.send(conversationId, 'You see this');
    expect(await logged(bob, { outcome: 'skipped' })).toMatchObject({ reason: 'looking', conversationId, seq: 1 });
    expect(push.expo.of(token)).toEqual([]);
  });

  it('rings after all where the connection that showed it turns out to have been dead, and not where it was closed', async () => {
    const { person: bob, token, conversationId } = await pair();
    const [dead, closed] = [await bob.device(), await bob.device()];
    for (const device of [dead, closed]) await device.must('join_conversation', { conversationId });
    await ada.send(conversationId, 'Nobody sees this');
    await logged(bob, { outcome: 'skipped', reason: 'looking' });
    closed.socket.disconnect();
    const attention = push.story.app.get(Attention, { strict: false });
    await until('one shows it', () => attention.of(bob.id)?.conversationIds.length === 1);
    endUnanswered(dead);
    expect(await push.expo.arrived(token)).toMatchObject([{ body: 'Nobody sees this', badge: 1, sound: true }]);
    expect(await logged(bob, { outcome: 'sent' })).toMatchObject({ conversationId, seq: 1 });
    await ada.send(conversationId, 'Nor this');
    const bodies = (): unknown[] => push.expo.of(token).flatMap(({ body }) => body ?? []);
    await until('it rang', () => bodies().length >= 2);
    expect(bodies()).toHaveLength(2);
  });

  it('does not ring where a connection was dead, and another one shows it or it was read', async () => {
    const { person: bob, token, conversationId } = await pair();
    const [dead, alive] = [await bob.device(), await bob.device()];
    for (const device of [dead, alive]) await device.must('join_conversation', { conversationId });
    await ada.send(conversationId, 'You see this');
    await logged(bob, { outcome: 'skipped', reason: 'looking' });
    endUnanswered(dead);
    const skips = async (): Promise<string[]> =>
      (await logOf(bob)).filter(({ outcome }) => outcome === 'skipped').map(({ reason }) => reason);
    await until('it was decided about again', async () => (await skips()).length === 2);
    await alive.must('mark_read', { conversationId, seq: 1 });
    endUnanswered(alive);
    await until('and once more', async () => (await skips()).length === 3);
    expect(await skips()).toEqual(['read', 'looking', 'looking']);
    expect(push.expo.of(token)).toEqual([]);
  });

  it('rings at once where the connection that shows it is in the background', async () => {
    const { person: bob, token, conversationId } = await pair();
    const device = await bob.device({ active: false });
    await device.must('join_conversation', { conversationId });
    await ada.send(conversationId, 'one');
    await push.expo.arrived(token);
    await device.must('set_active', { active: true });
    await ada.send(conversationId, 'two');
    await logged(bob, { outcome: 'skipped', reason: 'looking' });
    await device.must('set_active', { active: false });
    await ada.send(conversationId, 'three');
    // The number on the icon is put right meanwhile: what was looked at was not read.
    const bodies = (): unknown[] => push.expo.of(token).flatMap(({ body }) => body ?? []);
    await until('both rang', () => bodies().length >= 2);
    expect(bodies()).toEqual(['one', 'three']);
    expect((await logOf(bob)).some(({ outcome }) => outcome === 'waiting')).toBe(false);
  });

  it('waits where somebody looks at something else in the app, and rings if that was not enough', async () => {
    const { person: bob, token, conversationId } = await pair();
    await bob.device();
    await ada.send(conversationId, 'Still there?');
    await logged(bob, { outcome: 'waiting' });
    expect(push.expo.of(token)).toEqual([]);
    await push.later(bob);
    await push.expo.arrived(token);
    await logged(bob, { outcome: 'sent' });
    const log = await logOf(bob);
    expect(log.map(({ outcome, reason }) => [outcome, reason])).toEqual([
      ['sent', 'taken by Expo'],
      ['waiting', 'active elsewhere'],
    ]);
  });

  it('waits where somebody looks at a client that does not say what it shows, and rings if that was not enough', async () => {
    const { person: bob, token, conversationId } = await pair();
    const older = olderDevice(bob, 'direct-events');
    await older.next('connect');
    // One that this dialect cannot show, and that begins while it is connected.
    const groupId = await ada.group('Team', bob);
    for (const id of [conversationId, groupId]) await ada.send(id, `written in ${id}`);
    await older.next('receiveMessage', ({ text }) => text === `written in ${conversationId}`);
    const waiting = async (): Promise<unknown[]> =>
      (await logOf(bob)).filter(({ reason }) => reason === 'active elsewhere').map((entry) => entry.conversationId);
    await until('both wait', async () => new Set(await waiting()).size === 2);
    await push.later(bob);
    const bodies = (): unknown[] => push.expo.of(token).flatMap(({ body }) => body ?? []);
    await until('both rang', () => bodies().length >= 2);
    expect(new Set(await waiting())).toEqual(new Set([conversationId, groupId]));
    older.socket.close();
  });

  it('never rings where somebody has the room of an older client open', async () => {
    const { person: bob, token, conversationId } = await pair();
    const room = await new Frames(`${bob.url}/room/${conversationId}?token=${bob.accessToken}`).open();
    const attention = push.story.app.get(Attention, { strict: false });
    await until('it is shown', () => attention.of(bob.id)?.conversationIds.includes(conversationId) === true);
    await ada.send(conversationId, 'You see this');
    await room.type('NEW_MESSAGE');
    expect(await logged(bob, { outcome: 'skipped' })).toMatchObject({ reason: 'looking', conversationId, seq: 1 });
    expect(push.expo.of(token)).toEqual([]);
  });

  it('says nothing of what was read while it waited', async () => {
    const { person: bob, token, conversationId } = await pair();
    const device = await bob.device();
    await ada.send(conversationId, 'You read this');
    await logged(bob, { outcome: 'waiting' });
    await device.must('mark_read', { conversationId, seq: 1 });
    await push.later(bob);
    await logged(bob, { outcome: 'skipped', reason: 'read' });
    expect(push.expo.of(token)).toEqual([]);
  });

  it.each<[string, (about: { bob: Person; conversationId: string; messageId: string }) => Promise<unknown>]>([
    ['deleted', ({ messageId }) => ada.must('DELETE', `/messages/${messageId}`)],
    ['deleted', ({ bob, messageId }) => bob.must('DELETE', `/messages/${messageId}?for=me`)],
    [
      'muted',
      ({ bob, conversationId }) => bob.must('PATCH', `/conversations/${conversationId}/me`, { mutedUntil: FAR }),
    ],
    [
      'archived',
      ({ bob, conversationId }) => bob.must('PATCH', `/conversations/${conversationId}/me`, { archived: true }),
    ],
    ['blocked', ({ bob }) => bob.must('POST', '/blocks', { userId: ada.id })],
    ['left', ({ bob, conversationId }) => bob.must('POST', `/conversations/${conversationId}/leave`)],
  ])('says nothing where the message or its reader is %s meanwhile', async (reason, change) => {
    const { person: bob, token } = await push.owner('bob');
    const conversationId = await ada.group('Trip', bob);
    await push.expo.arrived(token);
    // While somebody looks at the app it waits, and that is when it happens.
    const device = await bob.device();
    await device.must('mark_read', { conversationId, seq: 1 });
    const { id: messageId, seq } = await ada.send(conversationId, 'Nothing for you');
    await logged(bob, { outcome: 'waiting', seq });
    await change({ bob, conversationId, messageId });
    await push.later(bob);
    expect(await logged(bob, { outcome: 'skipped', reason })).toMatchObject({ conversationId });
    expect(push.expo.of(token).filter(({ data }) => data.kind === 'message')).toEqual([]);
  });

  it('shows what a message says when it rings, not what it said before', async () => {
    const { person: bob, token, conversationId } = await pair();
    await bob.device();
    const { id } = await ada.send(conversationId, 'Meet me at ate');
    await logged(bob, { outcome: 'waiting' });
    await ada.must('PATCH', `/messages/${id}`, { content: 'Meet me at eight' });
    await push.later(bob);
    expect((await push.expo.arrived(token)).map(({ body }) => body)).toEqual(['Meet me at eight']);
  });

  it('says how many there are where several come at once', async () => {
    const { person: bob, token, conversationId } = await pair();
    await bob.device();
    for (const text of ['one', 'two', 'three']) await ada.send(conversationId, text);
    await logged(bob, { outcome: 'waiting' });
    await push.later(bob);
    const [notification] = await push.expo.arrived(token);
    expect(notification).toMatchObject({ body: '3 new messages', badge: 3, data: { seq: 3 } });
  });

  it('makes one sound in a while for a conversation, and counts on', async () => {
    const { token, conversationId } = await pair();
    for (const [index, text] of ['one', 'two', 'three'].entries()) {
      await ada.send(conversationId, text);
      await push.expo.arrived(token, index + 1);
    }
    const notifications = push.expo.of(token);
    expect(notifications.map(({ sound }) => sound)).toEqual([true, false, false]);
    expect(notifications.map(({ badge }) => badge)).toEqual([1, 2, 3]);
    // Each takes the place of the one before.
    expect(new Set(notifications.map(({ tag }) => tag)).size).toBe(1);
  });

  it('names a group with who wrote, and never who is blocked', async () => {
    const { person: bob, token } = await push.owner('bob');
    const conversationId = await ada.group('Trip to Lisbon', bob);
    const [added] = await push.expo.arrived(token);
    expect(added).toMatchObject({
      title: 'Trip to Lisbon',
      body: `${ada.username} added you to the group`,
      data: { kind: 'conversation', conversationId, senderId: ada.id },
    });
    await ada.send(conversationId, 'Tickets?');
    const [, message] = await push.expo.arrived(token, 2);
    expect(message).toMatchObject({ title: `Trip to Lisbon · ${ada.username}`, body: 'Tickets?' });
    await bob.must('POST', '/blocks', { userId: ada.id });
    await ada.send(conversationId, 'You do not see me');
    await logged(bob, { outcome: 'skipped', reason: 'blocked' });
    expect(push.expo.of(token).filter(({ quiet }) => !quiet)).toHaveLength(2);
  });

  it('rings for friend requests, and for those that were accepted', async () => {
    const [bob, cy] = [await push.owner('bob'), await push.owner('cy')];
    const request = await cy.person.must('POST', '/friends/requests', { userId: bob.person.id });
    const [asked] = await push.expo.arrived(bob.token);
    expect(asked).toMatchObject({
      title: cy.person.username,
      body: 'would like to be friends',
      tag: `friend:${cy.person.id}`,
      data: { kind: 'friend_request', senderId: cy.person.id, badge: 0 },
    });
    const { conversation } = await bob.person.must('POST', `/friends/requests/${request.id}/accept`);
    const [accepted] = await push.expo.arrived(cy.token);
    expect(accepted).toMatchObject({
      title: bob.person.username,
      body: 'accepted your friend request',
      data: { kind: 'friend_accepted', senderId: bob.person.id, conversationId: conversation.id },
    });
  });

  it('rings for somebody who is added to a group that is there already, once and until it is read', async () => {
    const { person: bob, token } = await push.owner('bob');
    const conversationId = await ada.group('Trip', await push.story.person('cy'));
    await ada.send(conversationId, 'before bob');
    await ada.must('POST', `/conversations/${conversationId}/members`, { memberIds: [bob.id] });
    const [added] = await push.expo.arrived(token);
    expect(added).toMatchObject({
      title: 'Trip',
      body: `${ada.username} added you to the group`,
      sound: true,
      data: { kind: 'conversation', conversationId, senderId: ada.id, badge: 0 },
    });
    // What is shown stays until there is something that was read.
    const { seq } = await ada.send(conversationId, 'Welcome');
    const [, welcome] = await push.expo.arrived(token, 2);
    expect(welcome).toMatchObject({ quiet: false, body: 'Welcome', sound: false, tag: added?.tag });
    await bob.must('POST', `/conversations/${conversationId}/read`, { seq });
    const [, , cleared] = await push.expo.arrived(token, 3);
    expect(cleared).toMatchObject({ quiet: true, data: { kind: 'clear', conversationId } });
  });

  it('makes one sound for a new group and its first message, also where both come at once', async () => {
    const { person: bob, token } = await push.owner('bob');
    await bob.device();
    const conversationId = await ada.group('Trip', bob);
    await logged(bob, { outcome: 'waiting', conversationId });
    const { seq } = await ada.send(conversationId, 'Tickets?');
    await logged(bob, { outcome: 'waiting', conversationId, seq });
    await push.later(bob);
    const both = await push.expo.arrived(token, 2);
    expect(both.map(({ sound }) => sound)).toEqual([true, false]);
  });

  it('makes one sound for requests that are made and withdrawn in a loop, and for an acceptance and what follows', async () => {
    const bob = await push.owner('bob');
    const cy = await push.owner('cy');
    // What is withdrawn is taken away: that is a push of its own.
    const asked = () => push.expo.of(bob.token).filter(({ data }) => data.kind === 'friend_request');
    for (let time = 1; time <= 3; time += 1) {
      const { id } = await cy.person.must('POST', '/friends/requests', { userId: bob.person.id });
      await until('the request is shown', () => asked().length >= time);
      if (time < 3) await cy.person.must('DELETE', `/friends/requests/${id}`);
      else await bob.person.must('POST', `/friends/requests/${id}/accept`);
    }
    expect(asked().map(({ sound }) => sound)).toEqual([true, false, false]);
    const dan = await push.story.person('dan');
    await dan.must('POST', '/friends/requests', { userId: bob.person.id });
    await until('somebody else is served', () =>
      push.expo.of(bob.token).some(({ data, sound }) => data.senderId === dan.id && sound),
    );
    await push.expo.arrived(cy.token);
    await bob.person.send(await bob.person.directConversation(cy.person), 'Hello, friend');
    const both = await push.expo.arrived(cy.token, 2);
    expect(both.map(({ sound }) => sound)).toEqual([true, false]);
  });

  it('counts what its notification stands for since it was read last, not what came last', async () => {
    const { person: bob, token, conversationId } = await pair();
    await bob.device();
    // What was read changes the number on the icon: that is a push of its own.
    const shown = () => push.expo.of(token).filter(({ quiet }) => !quiet);
    const burst = async (count: number): Promise<number> => {
      let last = 0;
      for (let index = 0; index < count; index += 1) last = (await ada.send(conversationId, 'again')).seq;
      await until('it waits', async () => {
        const [row] = await push.story.app.get(Database).query<{ waits: boolean }>(
          `SELECT EXISTS (SELECT FROM push_notices n JOIN push_devices d ON d.id = n.device_id
               JOIN push_progress p ON p.conversation_id = n.subject_id AND p.planned_seq >= $2
               WHERE d.user_id = $1 AND n.since IS NOT NULL) AS waits`,
          [bob.id, last],
        );
        return row?.waits === true;
      });
      const before = shown().length;
      await push.later(bob);
      await until('it is shown', () => shown().length > before);
      return last;
    };
    await burst(5);
    const last = await burst(2);
    await bob.must('POST', `/conversations/${conversationId}/read`, { seq: last - 1 });
    await burst(1);
    await burst(2);
    expect(shown().map(({ body }) => body)).toEqual(['5 new messages', '7 new messages', 'again', '4 new messages']);
    expect(shown().map(({ badge }) => badge)).toEqual([5, 7, 2, 4]);
  });

  it('says nothing of a friend request that was withdrawn', async () => {
    const bob = await push.owner('bob');
    const cy = await push.story.person('cy');
    await bob.person.device();
    const request = await cy.must('POST', '/friends/requests', { userId: bob.person.id });
    await logged(bob.person, { outcome: 'waiting' });
    await cy.must('DELETE', `/friends/requests/${request.id}`);
    await push.later(bob.person);
    await logged(bob.person, { outcome: 'skipped', reason: 'answered' });
    expect(push.expo.of(bob.token)).toEqual([]);
  });

  it('never rings for what was written before a device was registered, nor for one’s own messages', async () => {
    const bob = await push.story.person('bob');
    const conversationId = await ada.directConversation(bob);
    await ada.send(conversationId, 'before');
    const token = 'ExponentPushToken[late]';
    await bob.must('PUT', '/devices/phone', { platform: 'expo', token });
    await bob.send(conversationId, 'mine');
    await ada.send(conversationId, 'after');
    const [first] = await push.expo.arrived(token);
    expect(first).toMatchObject({ body: 'after', badge: 1 });
    expect(push.expo.of(token)).toHaveLength(1);
  });

  it('stops with the session', async () => {
    const { person: bob, token, conversationId } = await pair();
    const other = await push.owner('cy');
    await ada.send(conversationId, 'one');
    await push.expo.arrived(token);
    await bob.must('POST', '/auth/logout');
    await ada.send(conversationId, 'two');
    // What comes later was decided about later.
    const second = await ada.directConversation(other.person);
    await ada.send(second, 'three');
    await push.expo.arrived(other.token);
    expect(push.expo.of(token)).toHaveLength(1);
  });

  it('is decided once for each device of a user', async () => {
    const { person: bob, token, conversationId } = await pair();
    const { subscription } = push.web.subscribe();
    await bob.must('PUT', '/devices/browser', { platform: 'web', subscription });
    await ada.send(conversationId, 'everywhere');
    await push.expo.arrived(token);
    const [inBrowser] = await push.web.arrived(subscription.endpoint);
    expect(inBrowser).toMatchObject({ title: ada.username, body: 'everywhere', badge: 1, sound: true });
    await until('both are in their logs', async () =>
      (await Promise.all([logOf(bob), logOf(bob, 'browser')])).every(([entry]) => entry?.outcome === 'sent'),
    );
  });
});
