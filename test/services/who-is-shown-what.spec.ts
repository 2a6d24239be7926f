import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { newId, orderedPair } from '../../src/common/identifier.js';
import { Configuration } from '../../src/config/configuration.js';
import { Database } from '../../src/database/database.js';
import { PresenceStore } from '../../src/presence/presence-store.js';
import { Broadcaster } from '../../src/realtime/delivery/broadcaster.js';
import { room } from '../../src/realtime/delivery/room-names.js';
import { areReceiptsShown, isPresenceShown } from '../../src/relations/relations.js';
import { ReceiptsRepository } from '../../src/conversations/receipts.repository.js';
import { UsersRepository } from '../../src/users/users.repository.js';
import { createTestDatabase, type TestDatabase } from '../support/databases/postgres.js';

const PEOPLE = 6;
const RUNS = 40;

interface Membership {
  user: number;
  hasLeft: boolean;
  isShown: boolean;
}

/** What stands between some people, by their numbers. */
interface Population {
  friendships: { pair: [number, number]; isRemoved: boolean }[];
  blocks: [number, number][];
  groups: Membership[][];
  directs: { pair: [number, number]; areShown: [boolean, boolean] }[];
  everyone: boolean;
}

const person = fc.nat({ max: PEOPLE - 1 });
const ordered = fc.tuple(person, person).filter(([low, high]) => low < high);
const membership = fc.record({ user: person, hasLeft: fc.boolean(), isShown: fc.boolean() });
const population: fc.Arbitrary<Population> = fc.record({
  friendships: fc.uniqueArray(fc.record({ pair: ordered, isRemoved: fc.boolean() }), {
    maxLength: 5,
    selector: ({ pair }) => pair.join(),
  }),
  blocks: fc.uniqueArray(
    fc.tuple(person, person).filter(([blocker, blocked]) => blocker !== blocked),
    { maxLength: 4, selector: (pair) => pair.join() },
  ),
  groups: fc.array(fc.uniqueArray(membership, { minLength: 1, maxLength: PEOPLE, selector: ({ user }) => user }), {
    maxLength: 3,
  }),
  directs: fc.uniqueArray(fc.record({ pair: ordered, areShown: fc.tuple(fc.boolean(), fc.boolean()) }), {
    maxLength: 5,
    selector: ({ pair }) => pair.join(),
  }),
  everyone: fc.boolean(),
});

let test: TestDatabase;
let database: Database;
beforeAll(async () => {
  test = await createTestDatabase();
  database = new Database(Configuration.fromEnvironment({ DATABASE_URL: test.url, DATA_DIR: '/nowhere' }));
});
afterAll(async () => {
  await database?.onApplicationShutdown();
  await test?.drop();
});

describe('who is shown whose presence', () => {
  it('is the same for whoever asks for it and for whoever is sent it', async () => {
    await fc.assert(
      fc.asyncProperty(population, async (drawn) => {
        const { ids, membersOf } = await stored(drawn);
        const shown = await database.query<{ viewer: string; subject: string }>(
          `SELECT v AS viewer, s AS subject FROM unnest($1::uuid[]) AS v CROSS JOIN unnest($1::uuid[]) AS s
           WHERE ${isPresenceShown('v', 's', '$2')}`,
          [ids, drawn.everyone],
        );
        const sent = await audiencesSentTo(ids, drawn.everyone, membersOf);
        const pairs = shown.map(({ viewer, subject }) => `${subject} to ${viewer}`).sort();
        expect(sent).toEqual(pairs);
        expect(await listedOnline(ids, drawn.everyone)).toEqual(pairs);
      }),
      { numRuns: RUNS },
    );
  });
});

describe('who is shown whose receipts', () => {
  it('is the same for whoever asks for them and for whoever is sent them', async () => {
    await fc.assert(
      fc.asyncProperty(population, async (drawn) => {
        const { membersOf } = await stored(drawn);
        const receipts = new ReceiptsRepository(database);
        for (const [conversationId, memberIds] of membersOf)
          for (const memberId of memberIds) {
            const hidden = await database.query<{ id: string }>(
              `SELECT v.id FROM unnest($1::uuid[]) AS v(id) JOIN conversation_members m ON m.conversation_id = $2 AND m.user_id = $3
               WHERE NOT ${areReceiptsShown('v.id', 'm')}`,
              [memberIds, conversationId, memberId],
            );
            const move = await receipts.move(conversationId, memberId, 'read', 1);
            expect(move).toMatchObject({ moved: true });
            expect(move?.hiddenFrom.toSorted()).toEqual(hidden.map(({ id }) => id).sort());
          }
      }),
      { numRuns: RUNS },
    );
  });
});

/** Each `subject to viewer` that the viewer's list of who is online has, while all of them are. */
async function listedOnline(ids: readonly string[], everyone: boolean): Promise<string[]> {
  await database.query(
    `WITH node AS (
       INSERT INTO presence_nodes (node_id, expires_at) VALUES (gen_random_uuid(), now() + interval '1 hour')
       RETURNING node_id
     ) INSERT INTO presences (user_id, node_id) SELECT id, node_id FROM node, unnest($1::uuid[]) AS id`,
    [ids],
  );
  const repository = new UsersRepository(database);
  const listed: string[] = [];
  for (const viewer of ids) {
    const online = everyone ? await repository.online(viewer, 1_000) : await repository.onlineContacts(viewer, 1_000);
    // People of other populations are online, too.
    listed.push(...online.filter((id) => ids.includes(id)).map((subject) => `${subject} to ${viewer}`));
  }
  return listed.sort();
}

/** Each `subject to viewer` whose sockets a change of presence is written to, by the rooms that it is sent to. */
async function audiencesSentTo(
  ids: readonly string[],
  everyone: boolean,
  membersOf: ReadonlyMap<string, readonly string[]>,
): Promise<string[]> {
  const inRoom = (name: string): readonly string[] => membersOf.get(name) ?? ids.filter((id) => room.user(id) === name);
  const audiences = await new PresenceStore(
    database,
    Configuration.fromEnvironment({ DATABASE_URL: test.url, DATA_DIR: '/nowhere' }),
  ).audiences(ids, 100);
  expect(audiences.map(({ userId }) => userId).toSorted()).toEqual([...ids].sort());
  return audiences
    .flatMap(({ userId, ...audience }) => {
      const receivers = new Set<string>();
      broadcasterTo((rooms, except) => {
        for (const id of rooms.length === 0 ? ids : rooms.flatMap(inRoom)) receivers.add(id);
        for (const id of except.flatMap(inRoom)) receivers.delete(id);
      }).toPresenceAudience(userId, { ...audience, everyone }, 'sync:needed', {});
      return [...receivers].map((viewer) => `${userId} to ${viewer}`);
    })
    .sort();
}

/** Socket.IO's server as the broadcaster uses it: no room at all is everybody. */
function broadcasterTo(emitted: (rooms: string[], except: string[]) => void): Broadcaster {
  const server = {
    to: (rooms: string[]) => ({ except: (except: string[]) => ({ emit: () => emitted(rooms, except) }) }),
  };
  const broadcaster = new Broadcaster(undefined as never);
  broadcaster.attach(server as never);
  return broadcaster;
}

/** People of their own for each population: what was stored before is not in the way. */
async function stored(drawn: Population): Promise<{ ids: string[]; membersOf: Map<string, string[]> }> {
  const ids = Array.from({ length: PEOPLE }, newId);
  const idOf = (number: number): string => ids[number] ?? '';
  const pairOf = ([one, other]: [number, number]): [string, string] => orderedPair(idOf(one), idOf(other));
  const membersOf = new Map<string, string[]>();
  await database.query(
    `INSERT INTO users (id, username, display_name)
     SELECT id, 'u' || replace(right(id::text, 20), '-', ''), 'User' FROM unnest($1::uuid[]) AS id`,
    [ids],
  );
  for (const { pair, isRemoved } of drawn.friendships)
    await database.query(
      `INSERT INTO friendships (low_id, high_id, since, removed_at)
       VALUES ($1, $2, now() - interval '1 day', CASE WHEN $3 THEN now() END)`,
      [...pairOf(pair), isRemoved],
    );
  for (const [blocker, blocked] of drawn.blocks)
    await database.query('INSERT INTO blocks (blocker_id, blocked_id) VALUES ($1, $2)', [idOf(blocker), idOf(blocked)]);
  const conversations = [
    ...drawn.groups.map((members) => ({ pair: undefined, members })),
    ...drawn.directs.map(({ pair, areShown }) => ({
      pair,
      members: pair.map((user, place) => ({ user, hasLeft: false, isShown: areShown[place] ?? false })),
    })),
  ];
  for (const { pair, members } of conversations) {
    const id = newId();
    const [lowId, highId] = pair === undefined ? [null, null] : pairOf(pair);
    await database.query(
      `INSERT INTO conversations (id, type, title, low_id, high_id, last_seq)
       VALUES ($1, (CASE WHEN $2::uuid IS NULL THEN 'GROUP' ELSE 'DIRECT' END)::conversation_type,
         CASE WHEN $2::uuid IS NULL THEN 'Us' END, $2, $3, 1)`,
      [id, lowId, highId],
    );
    for (const { user, hasLeft, isShown } of members)
      await database.query(
        `INSERT INTO conversation_members (conversation_id, user_id, left_at, is_shown)
         VALUES ($1, $2, CASE WHEN $3 THEN now() END, $4)`,
        [id, idOf(user), hasLeft, isShown],
      );
    membersOf.set(
      id,
      members.filter(({ hasLeft }) => !hasLeft).map(({ user }) => idOf(user)),
    );
  }
  return { ids, membersOf };
}
