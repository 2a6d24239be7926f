import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import pg from 'pg';
import { TIMINGS } from '../../../src/config/timings.js';
import { type PresenceChange, PresenceStore } from '../../../src/presence/presence-store.js';
import { PresenceTracker } from '../../../src/realtime/ephemeral/presence-tracker.js';
import type { DomainEvents } from '../../../src/events/domain-events.js';
import { EventBus } from '../../../src/events/event-bus.js';
import { type Anything, type Person, startStory, type Story, until } from '../../support/story.js';

/** Long enough for a busy machine to renew it, and short enough to wait for its end. */
const LEASE_MS = 6_000;
const timings = { ...TIMINGS, presenceGraceMs: 200, presenceLeaseMs: LEASE_MS, presenceSweepMs: 500 };

describe('presence', () => {
  let story: Story;
  let outside: pg.Client;
  beforeAll(async () => {
    expect(TIMINGS).toMatchObject({ presenceGraceMs: 5_000, presenceLeaseMs: 20_000, presenceSweepMs: 5_000 });
    story = await startStory({ rateLimits: false, timings });
    outside = new pg.Client({ connectionString: story.databaseUrl });
    await outside.connect();
  });
  afterAll(async () => {
    await outside.end();
    await story.close();
  });

  const of = (person: Person) => (payload: Anything) => payload.userId === person.id;
  const isOnline = async (viewer: Person, person: Person): Promise<unknown> =>
    (await viewer.must('GET', `/users/${person.id}`)).isOnline;

  /** As once it is stored. */
  const deliver = (change: PresenceChange): Promise<void> => {
    const tracker: {
      enqueue(work: () => Promise<void>): Promise<void>;
      deliver(changes: readonly PresenceChange[]): Promise<void>;
    } = story.app.get(PresenceTracker);
    return tracker.enqueue(() => tracker.deliver([change]));
  };

  it('emits an arrival although leases are renewed at that very moment', async () => {
    const [ada, bob] = await Promise.all([story.person(), story.person()]);
    await ada.befriend(bob);
    const bobs = await bob.device();
    await ada.device();
    // Before the arrival is stored, which waits for others to come with it.
    story.app.get(PresenceTracker).renew();
    expect(await bobs.next('presence:update', of(ada))).toMatchObject({ isOnline: true });
  });

  it('comes back by itself after the leases were lost with the database, and goes where nobody holds it any more', async () => {
    const [ada, bob, eve] = await Promise.all([story.person(), story.person(), story.person()]);
    await ada.befriend(bob);
    const conversationId = await eve.befriend(bob);
    const bobs = await bob.device();
    await ada.device();
    await bobs.next('presence:update', of(ada));
    // Held by another process, which dies with the database.
    await outside.query('INSERT INTO last_seen (user_id, changes) VALUES ($1, 1)', [eve.id]);
    const audience = {
      userId: eve.id,
      conversationIds: [conversationId],
      friendIds: [bob.id],
      blockedIds: [],
      everyone: false,
    };
    const update = { userId: eve.id, isOnline: true, lastSeenAt: null, change: 1, audience };
    story.app.get(EventBus).receive('presence.changed', { updates: [update] });
    await bobs.next('presence:update', of(eve));
    // What a crash of PostgreSQL does to an unlogged table. Nothing is renewed before it was looked at.
    const renewing = jest.spyOn(story.app.get(PresenceStore), 'renew').mockResolvedValue(true);
    // One after the other: by the time of the next one, none is under way that began before.
    story.app.get(PresenceTracker).renew();
    await until('no renewal is under way', () => renewing.mock.calls.length > 0);
    await outside.query('TRUNCATE presences, presence_nodes');
    expect(await isOnline(bob, ada)).toBe(false);
    renewing.mockRestore();
    await until('she is there again', async () => (await isOnline(bob, ada)) === true);
    expect(await bobs.next('presence:update', of(eve))).toMatchObject({
      isOnline: false,
      lastSeenAt: expect.any(String),
    });
    // A user who was shown online all the time is not shown so again.
    expect(bobs.all('presence:update').filter(of(ada))).toHaveLength(1);
  });

  it('takes away what a process left that died, and keeps when its users were last seen', async () => {
    const [ada, bob] = await Promise.all([story.person(), story.person()]);
    await ada.befriend(bob);
    const bobs = await bob.device();
    const {
      rows: [node],
    } = await outside.query<{ id: string }>(
      `WITH node AS (
         INSERT INTO presence_nodes (node_id, expires_at) VALUES (gen_random_uuid(), now() + interval '1 hour') RETURNING node_id
       ), seen AS (INSERT INTO last_seen (user_id) VALUES ($1)), lease AS (
         INSERT INTO presences (user_id, node_id, since) SELECT $1, node_id, now() - interval '1 hour' FROM node
       )
       SELECT node_id AS id FROM node`,
      [ada.id],
    );
    expect(await isOnline(bob, ada)).toBe(true);
    // The lease of another process runs out: nobody renews it.
    const { rows } = await outside.query<{ expiresAt: Date }>(
      `UPDATE presence_nodes SET expires_at = date_trunc('milliseconds', now()) WHERE node_id = $1
       RETURNING expires_at AS "expiresAt"`,
      [node?.id],
    );
    const gone = await bobs.next('presence:update', of(ada));
    expect(gone).toMatchObject({ isOnline: false, lastSeenAt: expect.any(String) });
    // Its last renewal is the last that is known of it: one lease before the end.
    expect(Date.parse(gone.lastSeenAt)).toBe((rows[0]?.expiresAt.getTime() ?? 0) - LEASE_MS);
    expect(await bob.must('GET', `/users/${ada.id}`)).toMatchObject({ isOnline: false, lastSeenAt: gone.lastSeenAt });
    expect((await bob.must('GET', '/friends')).items).toContainEqual(
      expect.objectContaining({ id: ada.id, isOnline: false, lastSeenAt: gone.lastSeenAt }),
    );
  });

  it('comes back with who was away for a moment when the lease was found lost', async () => {
    const [ada, bob] = await Promise.all([story.person(), story.person()]);
    await ada.befriend(bob);
    const tracker: Pick<PresenceTracker, 'arrived' | 'departed' | 'renew'> & {
      enqueue(work: () => Promise<void>): Promise<void>;
    } = story.app.get(PresenceTracker);
    tracker.arrived(ada.id);
    await until('she is there', async () => (await isOnline(bob, ada)) === true);
    const renewing = jest.spyOn(story.app.get(PresenceStore), 'renew').mockResolvedValue(true);
    tracker.renew();
    await until('no renewal is under way', () => renewing.mock.calls.length > 0);
    await outside.query('TRUNCATE presences, presence_nodes');
    renewing.mockRestore();
    tracker.departed(ada.id);
    tracker.renew();
    await tracker.enqueue(() => Promise.resolve());
    tracker.arrived(ada.id);
    await until('she is there again', async () => (await isOnline(bob, ada)) === true);
    expect((await bob.must('GET', '/friends')).items).toContainEqual(
      expect.objectContaining({ id: ada.id, isOnline: true }),
    );
    tracker.departed(ada.id);
  });

  it('does not come with a user who went before the arrival could be stored, and whose lease was found lost', async () => {
    const [ada, bob] = await Promise.all([story.person(), story.person()]);
    await ada.befriend(bob);
    const store = story.app.get(PresenceStore);
    const tracker: Pick<PresenceTracker, 'arrived' | 'departed' | 'renew'> & {
      enqueue(work: () => Promise<void>): Promise<void>;
    } = story.app.get(PresenceTracker);
    const error = new Error('the database is away');
    const storing = jest.spyOn(store, 'arrive').mockRejectedValue(error);
    jest.spyOn(store, 'renew').mockRejectedValue(error);
    tracker.arrived(ada.id);
    await until('her arrival was to be stored', () => storing.mock.calls.length > 0);
    await tracker.enqueue(() => Promise.resolve());
    // The database is back, without what was in its unlogged tables, before her grace is over.
    await outside.query('TRUNCATE presences, presence_nodes');
    jest.restoreAllMocks();
    tracker.departed(ada.id);
    tracker.renew();
    await tracker.enqueue(() => Promise.resolve());
    expect(await isOnline(bob, ada)).toBe(false);
  });

  it('does not take its own lease for that of a process that died, however late it renews it', async () => {
    const [ada, bob] = await Promise.all([story.person(), story.person()]);
    await ada.befriend(bob);
    const bobs = await bob.device();
    const adas = await ada.device();
    await bobs.next('presence:update', of(ada));
    const store = story.app.get(PresenceStore);
    const renewing = jest.spyOn(store, 'renew').mockResolvedValue(true);
    story.app.get(PresenceTracker).renew();
    await until('no renewal is under way', () => renewing.mock.calls.length > 0);
    await outside.query(`UPDATE presence_nodes SET expires_at = now() - interval '1 second' WHERE node_id = $1`, [
      store.nodeId,
    ]);
    const sweeping = jest.spyOn(store, 'sweep');
    await until('others were looked for', () => sweeping.mock.calls.length > 1);
    await sweeping.mock.results[0]?.value;
    jest.restoreAllMocks();
    await until('the lease is renewed', () => isOnline(bob, ada).then((online) => online === true));
    adas.socket.close();
    await bobs.next('presence:update', (payload) => of(ada)(payload) && !payload.isOnline);
    expect(bobs.all('presence:update').filter(of(ada))).toHaveLength(2);
  });

  it('leaves the others one interval to renew their leases where it could not renew its own for long', async () => {
    const [ada, bob] = await Promise.all([story.person(), story.person()]);
    await ada.befriend(bob);
    const bobs = await bob.device();
    const tracker: {
      renewedAt: number;
      renew(): void;
      enqueue(work: () => Promise<void>): Promise<void>;
      sweep(alone: boolean): Promise<void>;
    } = story.app.get(PresenceTracker);
    const sweep = (): Promise<void> => tracker.enqueue(() => tracker.sweep(false));
    const lateSince = async (renewedAt: number): Promise<void> => {
      await tracker.enqueue(async () => {
        tracker.renewedAt = renewedAt;
      });
    };
    await lateSince(performance.now() - LEASE_MS);
    await outside.query(
      `WITH node AS (
         INSERT INTO presence_nodes (node_id, expires_at) VALUES (gen_random_uuid(), now()) RETURNING node_id
       ), seen AS (INSERT INTO last_seen (user_id) VALUES ($1))
       INSERT INTO presences (user_id, node_id) SELECT $1, node_id FROM node`,
      [ada.id],
    );
    const sweeping = jest.spyOn(story.app.get(PresenceStore), 'sweep');
    // Before its own renewal, and behind it.
    await sweep();
    tracker.renew();
    await sweep();
    expect(sweeping).not.toHaveBeenCalled();
    expect(await bobs.next('presence:update', of(ada))).toMatchObject({ isOnline: false });
    jest.restoreAllMocks();
  });

  it('renews one lease for all of its users, whose rows stay as they are', async () => {
    const people = await Promise.all([story.person(), story.person(), story.person()]);
    for (const person of people) await person.device();
    const held = async (): Promise<unknown[]> =>
      (
        await outside.query('SELECT user_id, xmin::text FROM presences WHERE user_id = ANY ($1) ORDER BY user_id', [
          people.map(({ id }) => id),
        ])
      ).rows;
    const ends = async (): Promise<number> =>
      (await outside.query('SELECT expires_at FROM presence_nodes')).rows[0].expires_at.getTime();
    await until('they are held', async () => (await held()).length === people.length);
    const [before, end] = [await held(), await ends()];
    story.app.get(PresenceTracker).renew();
    await until('the lease is renewed', async () => (await ends()) > end);
    expect(await held()).toEqual(before);
  });

  it('stores an arrival and a departure later, where they could not be stored when they happened', async () => {
    const [ada, bob] = await Promise.all([story.person(), story.person()]);
    await ada.befriend(bob);
    const bobs = await bob.device();
    const store = story.app.get(PresenceStore);
    const failing = (): Promise<never> => Promise.reject(new Error('the database is away'));
    const arriving = jest.spyOn(store, 'arrive').mockImplementationOnce(failing);
    const adas = await ada.device();
    expect(await bobs.next('presence:update', of(ada))).toMatchObject({ isOnline: true });
    expect(arriving.mock.calls.length).toBeGreaterThan(1);
    const departing = jest.spyOn(store, 'depart').mockImplementationOnce(failing);
    adas.socket.close();
    expect(await bobs.next('presence:update', of(ada))).toMatchObject({ isOnline: false });
    expect(departing.mock.calls.length).toBeGreaterThan(1);
    jest.restoreAllMocks();
  });

  it('shows an arrival and a departure later, where it could not be read to whom', async () => {
    const [ada, bob] = await Promise.all([story.person(), story.person()]);
    await ada.befriend(bob);
    const bobs = await bob.device();
    // Bob's own arrival is behind him, whose audience would be read first.
    await until('he is there', async () => (await isOnline(ada, bob)) === true);
    const store = story.app.get(PresenceStore);
    const failing = (): Promise<never> => Promise.reject(new Error('the database is away'));
    const reading = jest.spyOn(store, 'audiences').mockImplementationOnce(failing);
    const adas = await ada.device();
    expect(await bobs.next('presence:update', of(ada))).toMatchObject({ isOnline: true });
    expect(reading.mock.calls.length).toBeGreaterThan(1);
    reading.mockClear().mockImplementationOnce(failing);
    adas.socket.close();
    expect(await bobs.next('presence:update', of(ada))).toMatchObject({ isOnline: false });
    expect(reading.mock.calls.length).toBeGreaterThan(1);
    jest.restoreAllMocks();
  });

  it('shows the last of what could not be shown, in whatever order it comes to be', async () => {
    const [ada, bob] = await Promise.all([story.person(), story.person()]);
    await ada.befriend(bob);
    const bobs = await bob.device();
    await until('he is there', async () => (await isOnline(ada, bob)) === true);
    await outside.query('INSERT INTO last_seen (user_id, changes) VALUES ($1, 2)', [ada.id]);
    const change = { userId: ada.id, lastSeenAt: null };
    const reading = jest.spyOn(story.app.get(PresenceStore), 'audiences').mockRejectedValueOnce(new Error('away'));
    await deliver({ ...change, isOnline: true, change: 2 });
    // Of a process that died before, and shown late.
    await deliver({ ...change, isOnline: false, change: 1 });
    expect(await bobs.next('presence:update', of(ada))).toMatchObject({ isOnline: true });
    expect(reading.mock.calls.length).toBeGreaterThan(1);
    jest.restoreAllMocks();
  });

  it('is sent to the other processes although this one found it by itself meanwhile', async () => {
    const [ada, bob] = await Promise.all([story.person(), story.person()]);
    await ada.befriend(bob);
    const events = story.app.get(EventBus);
    const change = { userId: ada.id, isOnline: true, lastSeenAt: null, change: 1 };
    const audience = { userId: ada.id, conversationIds: [], friendIds: [bob.id], blockedIds: [], everyone: false };
    // As by a catch-up.
    events.receive('presence.changed', { updates: [{ ...change, audience }] });
    const published = jest.spyOn(events, 'publish');
    await deliver(change);
    const updates = published.mock.calls.flatMap(([name, event]) =>
      name === 'presence.changed' ? (event as DomainEvents['presence.changed']).updates : [],
    );
    expect(updates).toContainEqual(expect.objectContaining(change));
    jest.restoreAllMocks();
  });

  it('ends at once for whoever is blocked, and for friends that are no more', async () => {
    const [ada, blocked, former] = await Promise.all([story.person(), story.person(), story.person()]);
    await ada.befriend(blocked);
    const request = await former.must('POST', '/friends/requests', { userId: ada.id });
    await ada.must('POST', `/friends/requests/${request.id}/accept`);
    const [blockeds, formers] = [await blocked.device(), await former.device()];
    const adas = await ada.device();
    await blockeds.next('presence:update', of(ada));
    await ada.must('POST', '/blocks', { userId: blocked.id });
    expect((await blocked.call('GET', `/users/${ada.id}`)).status).toBe(404);
    expect(await ada.must('GET', `/users/${blocked.id}`)).not.toHaveProperty('isOnline');
    expect(JSON.stringify(await blocked.must('GET', '/conversations'))).not.toContain('"isOnline":true');
    adas.socket.close();
    await formers.next('presence:update', (payload) => of(ada)(payload) && !payload.isOnline);
    expect(blockeds.all('presence:update').filter(of(ada))).toEqual([expect.objectContaining({ isOnline: true })]);
  });

  it('is shown again, to both sides, as it is behind a block', async () => {
    const [ada, grace, witness] = await Promise.all([story.person(), story.person(), story.person()]);
    await ada.group('Before the block', grace, witness);
    const [adas, witnesses] = [await ada.device(), await witness.device()];
    await ada.must('POST', '/blocks', { userId: grace.id });
    const graces = await grace.device();
    await witnesses.next('presence:update', of(grace));
    // Behind whatever was sent to her.
    await adas.must('sync', {});
    expect(adas.all('presence:update').filter(of(grace))).toEqual([]);
    await ada.must('DELETE', `/blocks/${grace.id}`);
    expect(await adas.next('presence:update', of(grace))).toMatchObject({ isOnline: true });
    expect(await graces.next('presence:update', of(ada))).toMatchObject({ isOnline: true });

    await ada.must('POST', '/blocks', { userId: grace.id });
    await grace.must('POST', '/blocks', { userId: ada.id });
    await ada.must('DELETE', `/blocks/${grace.id}`);
    await ada.send(await ada.group('Behind one of two blocks', witness), 'now');
    await adas.next('message:new', ({ message }) => message.content === 'now');
    await graces.must('sync', {});
    for (const device of [adas, graces])
      expect(device.all('presence:update').filter(of(device === adas ? grace : ada))).toHaveLength(1);
  });

  it('is shown to all where the configuration says so, but not across a block', async () => {
    const open = await startStory({ rateLimits: false, presenceAudience: 'everyone' });
    const [ada, stranger, blocked] = await Promise.all([open.person(), open.person(), open.person()]);
    await ada.must('POST', '/blocks', { userId: blocked.id });
    const [strangers, blockeds] = [await stranger.device(), await blocked.device()];
    await ada.device();
    expect(await strangers.next('presence:update', of(ada))).toMatchObject({ isOnline: true });
    expect(await isOnline(stranger, ada)).toBe(true);
    expect(blockeds.all('presence:update').filter(of(ada))).toEqual([]);
    await open.close();
  });
});
