import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import pg from 'pg';
import { Database } from '../../../src/database/database.js';
import type { RecoveryAdapter } from '../../../src/realtime/engine/recovery/recovery-adapter.js';
import { PresenceTracker } from '../../../src/realtime/ephemeral/presence-tracker.js';
import { Rooms } from '../../../src/realtime/delivery/rooms.js';
import { type Asked, askedUnder, rowsOf, scansOf } from '../../support/databases/plans.js';
import { type Anything, type Person, startStory, type Story, until } from '../../support/story.js';

/** As many as a group may have, its owner included. */
const MEMBERS = 1_000;
const CONNECTED = 50;
const RENAMES = 15;
const GROUPS = 20;
const KIB = 1_024;

interface Statement {
  name: string;
  rows: number;
}

/**
 * What the server's connections to the database were asked and answered since the test began, but for those of work that nobody
 * waits for: the search index and push look at something at any moment.
 */
const statements: Statement[] = [];
const inBackground = new WeakSet<pg.ClientBase>();
const query = pg.Client.prototype.query as (...parameters: unknown[]) => unknown;
pg.Client.prototype.query = function (this: pg.Client, ...parameters: unknown[]): unknown {
  const [config] = parameters as [string | { name?: string; text?: string }];
  const name = typeof config === 'string' ? config : (config.name ?? config.text ?? '');
  const record = (result: { rows?: unknown[] } | undefined): void => {
    if (!inBackground.has(this)) statements.push({ name, rows: result?.rows?.length ?? 0 });
  };
  // A pool asks by callback, a transaction by promise.
  const done = parameters.at(-1);
  if (typeof done === 'function') {
    const recorded = (error: unknown, result: { rows?: unknown[] } | undefined): void => {
      record(result);
      (done as (error: unknown, result: unknown) => void)(error, result);
    };
    return query.apply(this, [...parameters.slice(0, -1), recorded]);
  }
  const answer = query.apply(this, parameters) as Promise<{ rows?: unknown[] }>;
  answer.then(record, () => undefined);
  return answer;
} as never;
const rowsRead = (): number => statements.reduce((sum, { rows }) => sum + rows, 0);

describe('a group of 1,000', () => {
  let story: Story;
  let outside: pg.Client;
  let ada: Person;
  let people: Person[];
  let memberIds: string[];
  let groupId: string;
  let adapter: RecoveryAdapter;
  /** Events encoded since the test began. */
  let encoded: { event: string; bytes: number }[];

  beforeAll(async () => {
    story = await startStory({ rateLimits: false });
    story.app.get(Database).background.pool.on('acquire', (client) => inBackground.add(client));
    outside = new pg.Client({ connectionString: story.databaseUrl });
    await outside.connect();
    // Statistics of one moment, whenever PostgreSQL would make them: see below.
    await outside.query('ALTER TABLE conversation_members SET (autovacuum_enabled = off)');
    ada = await story.person('ada');
    people = await Promise.all(Array.from({ length: CONNECTED - 1 }, () => story.person()));
    // They never connect, and need no password for that.
    const { rows } = await outside.query<{ id: string }>(
      `INSERT INTO users (id, username, display_name)
       SELECT gen_random_uuid(), 'one_of_many_' || n, 'One of many, number ' || n FROM generate_series(1, $1) AS n RETURNING id`,
      [MEMBERS - CONNECTED],
    );
    memberIds = [...people, ...rows].map(({ id }) => id);
    groupId = await groupOf('Everybody');
    // The worst moment: as if everybody were a member of one conversation, now and for ever.
    await outside.query('ANALYZE conversation_members');
    const { server } = story.app.get<{ server: { sockets: { adapter: RecoveryAdapter } } }>(Rooms);
    ({ adapter } = server.sockets);
    const inside = adapter as unknown as { _encode(packet: Anything, options: Anything): string[] };
    const encode = inside._encode.bind(inside);
    inside._encode = (packet, options) => {
      const packets = encode(packet, options);
      encoded.push({ event: packet.data?.[0], bytes: packets.join('').length });
      return packets;
    };
  });
  beforeEach(() => {
    encoded = [];
    statements.length = 0;
  });
  afterAll(async () => {
    pg.Client.prototype.query = query as never;
    await outside.end();
    await story.close();
  });

  /** Presences are stored a moment after the connections are ready, and whoever shares a small group by then is sent them. */
  const present = async (count: number): Promise<void> => {
    const column = async (sql: string): Promise<unknown> => Object.values((await outside.query(sql)).rows[0])[0];
    await until('all are present', async () => (await column('SELECT count(*)::integer FROM presences')) === count);
    const renewed = (): Promise<unknown> => column('SELECT max(expires_at)::text FROM presence_nodes');
    const before = await renewed();
    // One after the other: what was stored before is delivered by the time of the next renewal.
    story.app.get(PresenceTracker).renew();
    await until('what was stored is delivered', async () => (await renewed()) !== before);
  };
  const groupOf = async (title: string): Promise<string> =>
    (await ada.must('POST', '/conversations', { type: 'GROUP', title, memberIds })).id;
  const rename = (id: string, title: string): Promise<Anything> => ada.must('PATCH', `/conversations/${id}`, { title });
  const titled =
    (title: string) =>
    ({ conversation }: Anything): boolean =>
      conversation.title === title;
  const pagesOf = async (person: Person, path: string): Promise<Anything[][]> => {
    const pages: Anything[][] = [];
    for (let cursor: string | null = ''; cursor !== null; ) {
      const page: Anything = await person.must('GET', `${path}?limit=100${cursor && `&cursor=${cursor}`}`);
      pages.push(page.items);
      cursor = page.nextCursor;
    }
    return pages;
  };

  it('costs nothing to rename, fill and empty as long as nobody of it is connected', async () => {
    const kept = adapter.keptBytes;
    for (let index = 0; index < RENAMES; index += 1) await rename(groupId, `Title ${index}`);
    const [leaver] = memberIds.slice(-1) as [string];
    await ada.must('DELETE', `/conversations/${groupId}/members/${leaver}`);
    await ada.must('POST', `/conversations/${groupId}/members`, { memberIds: [leaver] });
    expect([encoded, adapter.keptBytes - kept]).toEqual([[], 0]);
    // Mostly the hundred members that each answer shows, as rows of users.
    expect(rowsRead() / (RENAMES + 2)).toBeLessThan(150);
  });

  it('sends a change to those who are connected alone, a few members each, and keeps next to nothing of it', async () => {
    const devices = await Promise.all([ada, ...people].map((person) => person.device()));
    await present(CONNECTED);
    const small = (
      await ada.must('POST', '/conversations', { type: 'GROUP', title: 'Small', memberIds: people.map(({ id }) => id) })
    ).id;
    await Promise.all(
      devices
        .slice(1)
        .map((device) => device.next('conversation:new', ({ conversation }) => conversation.id === small)),
    );
    const kept = adapter.keptBytes;
    encoded = [];
    statements.length = 0;
    await rename(groupId, 'Sent');
    const listed = await Promise.all(devices.map((device) => device.next('conversation:updated', titled('Sent'))));
    for (const [index, { conversation }] of listed.entries()) {
      const { id } = [ada, ...people][index] as Person;
      expect(conversation.memberCount).toBe(MEMBERS);
      expect(conversation.members.length).toBeLessThanOrEqual(20);
      // Oneself is among them, and who did it.
      const shown = conversation.members.map(({ user }: Anything) => user.id);
      expect(shown).toEqual(expect.arrayContaining([id, ada.id]));
    }
    const views = encoded.filter(({ event }) => event === 'conversation:updated');
    expect(views).toHaveLength(CONNECTED);
    for (const { bytes } of views) expect(bytes).toBeLessThan(10 * KIB);
    // The SYSTEM message, once for all.
    expect(encoded.filter(({ event }) => event === 'message:new')).toHaveLength(1);
    expect(adapter.keptBytes - kept).toBeLessThan(4 * KIB);
    expect(rowsRead()).toBeLessThan(5 * CONNECTED);

    const [joiner] = memberIds.slice(-1) as [string];
    await ada.must('DELETE', `/conversations/${groupId}/members/${joiner}`);
    await ada.must('POST', `/conversations/${groupId}/members`, { memberIds: [joiner] });
    await rename(groupId, 'Sent again');
    await Promise.all(devices.map((device) => device.next('conversation:updated', titled('Sent again'))));
    expect(adapter.keptBytes - kept).toBeLessThan(16 * KIB);

    // Twenty times as many members, and as many who are connected: about as much is read, asked and encoded.
    const work = async (id: string): Promise<{ rows: number; asked: number; bytes: number }> => {
      encoded = [];
      statements.length = 0;
      for (let index = 0; index < 10; index += 1) {
        const title = `${id} ${index}`;
        await rename(id, title);
        await Promise.all(devices.map((device) => device.next('conversation:updated', titled(title))));
      }
      return {
        rows: rowsRead(),
        asked: statements.length,
        bytes: encoded.reduce((sum, { bytes }) => sum + bytes, 0),
      };
    };
    const [ofSmall, ofLarge] = [await work(small), await work(groupId)];
    expect(ofSmall.bytes).toBeGreaterThan(0);
    expect(ofLarge.rows / ofSmall.rows).toBeLessThan(2);
    expect(ofLarge.asked / ofSmall.asked).toBeLessThan(2);
    expect(ofLarge.bytes / ofSmall.bytes).toBeLessThan(2);
    for (const device of devices) device.socket.close();
  });

  it('is not recovered for who missed a change of it, and sync answers that change without a thousand members', async () => {
    const [bob] = people as [Person, ...Person[]];
    const bobs = await bob.device();
    const { cursor } = await bobs.must('sync', {});
    await ada.send(groupId, 'before');
    await bobs.next('message:new', ({ message }) => message.content === 'before');
    bobs.drop();
    await bobs.next('disconnect');
    await rename(groupId, 'Missed');
    bobs.socket.connect();
    expect((await bobs.next('session:ready', ({ recovered }) => recovered !== undefined)).recovered).toBe(false);
    const { pages } = await bob.sync(cursor);
    const [conversation] = pages.flatMap(({ conversations }) => conversations);
    expect(conversation).toMatchObject({ id: groupId, title: 'Missed', memberCount: MEMBERS });
    expect(conversation.members).toHaveLength(20);
    bobs.socket.close();
  });

  it('does not send every reader’s cursor to every member', async () => {
    const [bob, cy] = people as [Person, Person, ...Person[]];
    const { cursor } = await bob.must('GET', '/sync');
    const { seq } = await ada.send(groupId, 'to be read');
    await cy.must('POST', `/conversations/${groupId}/read`, { seq });
    await bob.must('POST', `/conversations/${groupId}/read`, { seq });
    const { pages } = await bob.sync(cursor);
    expect(pages.flatMap(({ receipts }) => receipts).map(({ userId }) => userId)).toEqual([bob.id]);
  });

  it('is shown in part: oneself, friends and the latest writers first, and by pages all of it', async () => {
    const [bob, cy, dan] = people.slice(-3) as [Person, Person, Person];
    await bob.befriend(cy);
    await dan.send(groupId, 'the latest');
    const shown = (await bob.must('GET', `/conversations/${groupId}`)).members.map(({ user }: Anything) => user.id);
    expect(shown).toHaveLength(100);
    expect(shown.slice(0, 3)).toEqual([bob.id, cy.id, dan.id]);
    const listed = (await bob.must('GET', '/conversations')).items.find(({ id }: Anything) => id === groupId);
    expect(listed.members.map(({ user }: Anything) => user.id)).toEqual(shown.slice(0, 20));

    const pages = await pagesOf(bob, `/conversations/${groupId}/members`);
    expect(pages.map(({ length }) => length)).toEqual(Array.from({ length: 10 }, () => 100));
    const all = pages.flat();
    expect(new Set(all.map(({ user }) => user.id))).toEqual(new Set([ada.id, ...memberIds]));
    expect(all.filter(({ role }) => role === 'OWNER').map(({ user }) => user.id)).toEqual([ada.id]);

    const receipts = await pagesOf(bob, `/conversations/${groupId}/receipts`);
    expect(receipts.map(({ length }) => length)).toEqual(pages.map(({ length }) => length));
    expect(receipts.flat().map(({ userId }) => userId)).toEqual(all.map(({ user }) => user.id));
    // Without asking for more, all that a conversation has that is shown live.
    expect((await bob.must('GET', `/conversations/${groupId}/receipts`)).items).toHaveLength(100);
  });

  it('hides presence across a block in its pages and in its events', async () => {
    const [bob, cy, dan] = people as [Person, Person, Person, ...Person[]];
    const [bobs, cys] = [await bob.device(), await cy.device()];
    await until('both are online', async () => (await dan.must('GET', `/users/${cy.id}`)).isOnline === true);
    await bob.must('POST', '/blocks', { userId: cy.id });
    const presenceOf = async (viewer: Person, id: string): Promise<unknown> =>
      (await pagesOf(viewer, `/conversations/${groupId}/members`)).flat().find(({ user }) => user.id === id).user
        .isOnline;
    expect(await presenceOf(bob, cy.id)).toBeUndefined();
    expect(await presenceOf(cy, bob.id)).toBeUndefined();
    expect(await presenceOf(dan, cy.id)).toBe(true);
    await cy.send(groupId, 'among the latest writers');
    await rename(groupId, 'Blocked');
    const { conversation } = await bobs.next('conversation:updated', titled('Blocked'));
    const seen = conversation.members.find(({ user }: Anything) => user.id === cy.id);
    expect([seen.user.username, seen.user.isOnline]).toEqual([cy.username, undefined]);
    await cys.next('conversation:updated', titled('Blocked'));
    await bob.must('DELETE', `/blocks/${cy.id}`);
    for (const device of [bobs, cys]) device.socket.close();
  });

  it('is sent a reaction once for all who see the same, however many have reacted', async () => {
    const devices = await Promise.all(people.map((person) => person.device()));
    const message = await ada.send(groupId, 'react to this');
    for (const person of people) await person.must('PUT', `/messages/${message.id}/reactions/+1`);
    const all = ({ message: { id, reactions } }: Anything): boolean =>
      id === message.id && reactions[0]?.count === people.length;
    for (const device of devices) await device.next('message:updated', all);
    encoded = [];
    await ada.must('PUT', `/messages/${message.id}/reactions/heart`);
    const has = ({ message: { id, reactions } }: Anything): boolean => id === message.id && reactions.length === 2;
    for (const device of devices)
      expect((await device.next('message:updated', has)).message.reactions).toEqual([
        { emoji: '+1', count: people.length, mine: true },
        { emoji: 'heart', count: 1, mine: false },
      ]);
    // For those who reacted, and for those who did not; Ada herself is not connected.
    const events = encoded.map(({ event }) => event).filter((event) => event !== 'presence:update');
    expect(events).toEqual(['message:updated', 'message:updated']);
    for (const device of devices) device.socket.close();
  });

  it('lists no thousand users in the message about them', async () => {
    const [message] = await ada.history(groupId, 'after=0&limit=1');
    expect(message.system.userIds).toHaveLength(100);
  });

  describe('and twenty of them', () => {
    let groupIds: string[];
    beforeAll(async () => {
      groupIds = [];
      for (let index = 0; index < GROUPS; index += 1) groupIds.push(await groupOf(`Group ${index}`));
    });

    it('make a list of two statements and a bounded number of members', async () => {
      const [bob] = people as [Person, ...Person[]];
      const asked = askedUnder(story.app.get(Database).reads, 'conversation_list');
      await bob.must('GET', '/conversations');
      statements.length = 0;
      const answer = await bob.must('GET', '/conversations?limit=20');
      // Beside them the search index catches up, and sessions are looked at.
      const names = statements.map(({ name }) => name).filter((name) => /^(conversation|user)/.test(name));
      expect(names).toEqual(['conversation_list', 'users_shared']);
      expect(answer.items.map(({ members }: Anything) => members.length)).toEqual(groupIds.map(() => 20));
      expect(JSON.stringify(answer).length).toBeLessThan(GROUPS * 10 * KIB);
      const scans = await scansOf(outside, asked.at(-1) as Asked);
      expect(rowsOf(scans, 'conversation_members')).toBeLessThan(GROUPS * 150);
    });

    it('cost a member who connects, and one who syncs, no more than their number', async () => {
      const [bob] = people as [Person, ...Person[]];
      const bobs = await bob.device();
      const { cursor } = await bobs.must('sync', {});
      expect(rowsRead()).toBeLessThan(GROUPS * 3 + 300);
      // The connection's own presence may still be on its way to others.
      await until('a sync reads next to nothing', async () => {
        statements.length = 0;
        await bobs.must('sync', { cursor });
        return rowsRead() < 5;
      });
      bobs.socket.close();
    });

    it('are left by a deleted account without anybody looking at all their members', async () => {
      const eve = people.at(-1) as Person;
      const adas = await ada.device();
      encoded = [];
      statements.length = 0;
      await eve.must('DELETE', '/users/me', { password: 'correct horse' });
      await until('all groups were sent it', () =>
        groupIds.every((id) => adas.all('conversation:updated').some(({ conversation }) => conversation.id === id)),
      );
      expect(rowsRead() / GROUPS).toBeLessThan(60);
      expect(Math.max(...encoded.map(({ bytes }) => bytes))).toBeLessThan(20 * KIB);
      expect((await ada.must('GET', `/conversations/${groupIds[0]}`)).memberCount).toBe(MEMBERS - 1);
      adas.socket.close();
    });
  });
});
