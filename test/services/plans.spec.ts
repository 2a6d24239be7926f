import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import pg from 'pg';
import { statementsOf } from '../../scripts/check-sql.mjs';
import { AttachmentsRepository } from '../../src/attachments/attachments.repository.js';
import { PendingRegistrations } from '../../src/auth/accounts/pending-registrations.js';
import { OneTimeCodes } from '../../src/auth/codes/one-time-codes.js';
import { Sessions } from '../../src/auth/sessions/sessions.js';
import { CatchUpRepository } from '../../src/cluster/catch-up/catch-up.repository.js';
import type { Principal } from '../../src/common/access/principal.js';
import { MAX_LIVE_AUDIENCE } from '../../src/conversations/conversation-access.js';
import { Database } from '../../src/database/database.js';
import { WebhookQueueRepository } from '../../src/integrations/webhooks/sending/webhook-queue.repository.js';
import { MessagesRepository } from '../../src/messages/reading/messages.repository.js';
import { ReportsService } from '../../src/moderation/reports/reports.service.js';
import { AttentionRepository } from '../../src/presence/attention.repository.js';
import { PresenceStore } from '../../src/presence/presence-store.js';
import { PushPlanningRepository } from '../../src/push/planning/push-planning.repository.js';
import { PushQueueRepository } from '../../src/push/sending/push-queue.repository.js';
import { RetentionRepository } from '../../src/retention/retention.repository.js';
import { UsersService } from '../../src/users/users.service.js';
import { fillDatabase, GROUP_MEMBERS, OWN_CONVERSATIONS, pretendSize } from '../support/databases/large-database.js';
import { type Asked, askedDuring, plannedScansOf, rowsOf, type Scan, scansOf } from '../support/databases/plans.js';
import { type Person, startStory, type Story } from '../support/story.js';

/**
 * What statements look at where there is much, counted in rows and never in time. `PLAN_ROWS=1000000` makes as many
 * messages (some minutes); fewer show the same plans, since PostgreSQL takes an index from some thousand rows on.
 */
const MESSAGES = Number(process.env.PLAN_ROWS ?? 60_000);
/** No measure of anything: the end of a test that hangs, on the slowest machine, with a million messages. */
jest.setTimeout(900_000);
const PAGE = 20;
const EXPORT_PAGE = 500;
/** Of the user who is looked at, as `fillDatabase` makes them. */
const [FRIENDS, SESSIONS] = [1_000, 301];
const FIRST_ID = '00000000-0000-0000-0000-000000000000';

/** Statements that read a table whole, and why that is right. */
const WHOLE: Record<string, { relations: string[]; reason: string }> = {
  'src/database/database-identity.ts#hasStampsOfTheFuture': {
    relations: ['messages'],
    reason: 'once in the life of a database, when a server first sees it',
  },
  'src/database/database-identity.ts#renew': { relations: ['messages'], reason: 'once after a restore' },
  'src/presence/presence-store.ts#sweep': {
    relations: ['presences'],
    reason: 'those who are online, and only after a process died',
  },
  'src/users/users.repository.ts#online': { relations: ['presences'], reason: 'a list of those who are online' },
  'src/messages/search/search-index.repository.ts#waiting': {
    relations: ['conversations', 'message_search_progress'],
    reason: 'once, at the start of a process',
  },
  'src/moderation/stats/stats.repository.ts#count': {
    relations: [
      'last_seen',
      'presences',
      'users',
      'sessions',
      'conversations',
      'attachments',
      'reports',
      'push_devices',
    ],
    reason: 'for moderators, within a time limit, and not again in half a minute',
  },
  'src/push/silence-past.repository.ts#module': {
    relations: ['push_notices', 'push_tickets', 'push_devices'],
    reason: 'once after a restore',
  },
  'src/integrations/webhooks/forgotten-past.repository.ts#module': {
    relations: ['webhook_events'],
    reason: 'once after a restore',
  },
  'src/push/sending/push-queue.repository.ts#releaseAll': {
    relations: ['push_devices'],
    reason: 'once, at the start of a process that is the only one',
  },
  'src/push/planning/push-planning.repository.ts#planConversations': {
    relations: ['push_devices'],
    reason: 'whether there is any: the first row; what planning reads is counted below',
  },
  'src/audit/audit.repository.ts#list': {
    relations: ['audit_log'],
    reason: 'planned for the values it is asked with; each selection is counted below',
  },
  'src/moderation/reports/reports.repository.ts#list': {
    relations: ['reports'],
    reason: 'planned for the values it is asked with; each selection is counted below',
  },
};

describe('where there is much', () => {
  let story: Story;
  let client: pg.Client;
  let ada: Person;
  let bob: Person;
  let group: string;

  beforeAll(async () => {
    story = await startStory({ rateLimits: false });
    client = new pg.Client({ connectionString: story.databaseUrl });
    await client.connect();
    [ada, bob] = [await story.person('ada'), await story.person('bob')];
    group = await ada.group('Large', bob);
    await story.grant(ada, 'ADMIN');
    await fillDatabase(client, { userId: ada.id, groupId: group }, MESSAGES);
  });
  afterAll(async () => {
    await client?.end();
    await story?.close();
  });

  /**
   * The most rows of a table that one of these statements looks at, vacuumed lately or not; none of them may read all of
   * it.
   */
  const maxRowsOf = async (relation: string, asked: readonly Asked[]): Promise<number> => {
    let maxRows = 0;
    for (const statement of asked) {
      if (!/^\s*\(*\s*(SELECT|WITH|UPDATE|DELETE|INSERT)\b/i.test(statement.text)) continue;
      for (const isVacuumed of [true, false]) {
        const scans = await scansOf(client, statement, { isVacuumed });
        // One row of it is not all of it: whether there is any.
        const whole = scans.filter((scan) => scan.relation === relation && scan.isSequential && scan.rows > 1);
        if (whole.length > 0) throw new Error(`${relation} is read whole by ${statement.text}`);
        maxRows = Math.max(maxRows, rowsOf(scans, relation));
      }
    }
    return maxRows;
  };

  // Each once for every dialect or way in that has a statement of its own.
  const lists: [string, string, string, number][] = [
    ['friends', '/friends?limit=20', 'friendships', 2 * (PAGE + 1)],
    ['friend requests', '/friends/requests?limit=20', 'friend_requests', 2 * (PAGE + 1)],
    ['blocks', '/blocks?limit=20', 'blocks', PAGE + 1],
    ['users by the beginning of a name that many have', '/users?search=crowd&limit=20', 'users', 4 * PAGE],
    ['users by the beginning of a name that few have', '/users?search=crowd_49&limit=20', 'users', 300],
    ['users by the beginning of a display name', '/users?search=one%20of%20the%20crowd_77&limit=20', 'users', 300],
    ['friends among the members of conversations', '/conversations?limit=20', 'friendships', 2 * 200 + 2 * PAGE],
    ['newest messages of conversations', '/conversations?limit=20', 'messages', 500],
    // A message of the page, and what it quotes.
    ['history', `/conversations/GROUP/messages?before=${MESSAGES / 4}&limit=50`, 'messages', 2 * 102],
    ['members of a large group', '/conversations/GROUP/members?limit=20', 'conversation_members', 4 * PAGE],
    ['messages found by a word', '/messages/search?q=needle&limit=20', 'message_search', 2_000],
    ['messages of a search', '/messages/search?q=needle&limit=20', 'messages', 2_000],
  ];
  it.each(lists)('a page of %s looks at little besides', async (_, path, relation, atMost) => {
    const asked = await askedDuring(() => ada.must('GET', path.replace('GROUP', group)));
    const rows = await maxRowsOf(relation, asked);
    expect(rows).toBeGreaterThan(0);
    expect(rows).toBeLessThanOrEqual(atMost);
  });

  // What these are ordered by changes with every message, or every refresh: an index of it would be written with each (ADR 0038).
  const wholeLists: [string, string, string, number][] = [
    ['conversations', '/conversations?limit=20', 'conversations', OWN_CONVERSATIONS + 2 * PAGE],
    ['conversations', '/conversations?limit=20', 'conversation_members', OWN_CONVERSATIONS + 300],
    ['sessions', '/auth/sessions?limit=20', 'sessions', SESSIONS],
  ];
  it.each(wholeLists)(
    'a page of %s looks at all that the user has, and at no more (%s, %s)',
    async (_, path, relation, atMost) => {
      const asked = await askedDuring(() => ada.must('GET', path));
      expect(await maxRowsOf(relation, asked)).toBeLessThanOrEqual(atMost);
    },
  );

  const selections: [string, string][] = [
    ['audit_log', '/admin/audit?limit=20'],
    ['audit_log', '/admin/audit?limit=20&actorId=ADA'],
    ['audit_log', '/admin/audit?limit=20&targetId=ADA'],
    ['audit_log', '/admin/audit?limit=20&targetType=server'],
    ['audit_log', '/admin/audit?limit=20&action=server.after_restore'],
    ['audit_log', '/admin/audit?limit=20&until=2000-01-01T00:00:00.000Z'],
    ['reports', '/admin/reports?limit=20'],
    ['reports', '/admin/reports?limit=20&status=OPEN'],
    ['reports', '/admin/reports?limit=20&status=DISMISSED'],
    ['reports', '/admin/reports?limit=20&targetUserId=ADA'],
    ['webhook_deliveries', '/admin/webhooks/WEBHOOK/deliveries?limit=20'],
  ];
  it.each(selections)('a page of %s looks at little besides (%s)', async (relation, path) => {
    const { rows } = await client.query('SELECT id FROM webhooks LIMIT 1');
    const asked = await askedDuring(() => ada.must('GET', path.replace('ADA', ada.id).replace('WEBHOOK', rows[0].id)));
    // Open reports of the same are counted with each.
    expect(await maxRowsOf(relation, asked)).toBeLessThanOrEqual(3 * (PAGE + 1));
  });

  it('a page of all users looks at little besides', async () => {
    const principal = { userId: ada.id } as Principal;
    const asked = await askedDuring(() => story.app.get(UsersService).directory(principal, { limit: PAGE }));
    expect(await maxRowsOf('users', asked)).toBeLessThanOrEqual(4 * PAGE);
    expect(await maxRowsOf('presences', asked)).toBeLessThanOrEqual(4 * PAGE);
  });

  it('a page of what is written looks up what its reader has hidden, and passes over little else', async () => {
    const skip = 1_000;
    const visible = { from: 1, before: MESSAGES };
    const asked = await askedDuring(() =>
      story.app.get(MessagesRepository).listWritten(ada.id, group, visible, PAGE, skip),
    );
    expect(await maxRowsOf('messages', asked)).toBeGreaterThan(skip);
    // One of each message that is passed over or deleted, and of what a message of the page quotes.
    for (const relation of ['messages', 'hidden_messages'])
      expect(await maxRowsOf(relation, asked)).toBeLessThan(2 * (skip + PAGE));
  });

  it('a page of what is written does not walk through what retention has emptied', async () => {
    const conversationId = await ada.directConversation(bob);
    const emptied = 2_000;
    await client.query(
      `INSERT INTO messages (id, conversation_id, seq, sender_id, client_id, kind, created_at, deleted_at, version)
       SELECT gen_random_uuid(), $1, seq, $2, gen_random_uuid(), 'TEXT', now(), now(), 2 FROM generate_series(1, ${emptied}) AS seq`,
      [conversationId, ada.id],
    );
    await client.query('UPDATE conversations SET last_seq = $2 WHERE id = $1', [conversationId, emptied]);
    await client.query('INSERT INTO conversation_retention (conversation_id, expired_seq) VALUES ($1, $2)', [
      conversationId,
      emptied,
    ]);
    const { id } = await bob.send(conversationId, 'what is left');
    const messages = story.app.get(MessagesRepository);
    const visible = { from: 1, before: emptied + 2 };
    const pages = [
      () => messages.listWritten(bob.id, conversationId, visible, PAGE, 0),
      () => messages.newest(bob.id, [conversationId]),
      () => messages.recentDirect(bob.id, PAGE, 0),
    ];
    for (const page of pages) {
      let shown: { id: string }[] = [];
      const asked = await askedDuring(async () => {
        shown = await page();
      });
      expect(shown.map((message) => message.id)).toEqual([id]);
      expect(await maxRowsOf('messages', asked)).toBeLessThanOrEqual(PAGE);
    }
  });

  it('the list of who is online looks at those whom the user meets, and not at all who are online', async () => {
    const { rows } = await client.query<{ id: string }>(
      `SELECT id FROM users WHERE username IN ('crowd_2998', 'crowd_3000', 'crowd_3002') ORDER BY username`,
    );
    const [before = '', userId = '', after = ''] = rows.map(({ id }) => id);
    const users = story.app.get(UsersService);
    let online: string[] = [];
    const asked = await askedDuring(async () => {
      online = await users.online({ userId } as Principal);
    });
    expect(online.toSorted()).toEqual([before, after].sort());
    expect(await maxRowsOf('presences', asked)).toBeLessThanOrEqual(2 * online.length);
    expect(await maxRowsOf('users', asked)).toBeLessThanOrEqual(PAGE);
  });

  it('a page of an export looks at its own rows alone', async () => {
    const asked = await askedDuring(() => ada.must('GET', '/users/me/export'));
    const relations = [
      'messages',
      'message_reactions',
      'hidden_messages',
      'friend_requests',
      'friendships',
      'sessions',
    ];
    for (const relation of relations) {
      const rows = await maxRowsOf(relation, asked);
      // The end of a group is seen at the next row.
      expect([relation, rows > 0, rows <= 2 * EXPORT_PAGE]).toEqual([relation, true, true]);
    }
  });

  it('planning notifications looks at the devices of members, and at what is new to them', async () => {
    const asked = await askedDuring(() => story.app.get(PushPlanningRepository).planConversations([group], 0));
    expect(asked.length).toBeGreaterThan(0);
    expect(await maxRowsOf('push_devices', asked)).toBeLessThanOrEqual(2 * GROUP_MEMBERS);
    expect(await maxRowsOf('messages', asked)).toBeLessThanOrEqual(2 * GROUP_MEMBERS);
  });

  it('sync looks at what changed, and not at what is there', async () => {
    const { cursor } = await ada.must('GET', '/sync');
    await bob.send(group, 'one more');
    const asked = await askedDuring(() => ada.must('GET', `/sync?cursor=${encodeURIComponent(cursor)}`));
    // What counts as unread is looked for among the newest 5,000 of the conversation that changed.
    expect(await maxRowsOf('messages', asked)).toBeLessThan(500);
    // Those who are shown with what changed.
    expect(await maxRowsOf('users', asked)).toBeLessThanOrEqual(4 * PAGE);
    // One's own, whatever changed of them.
    expect(await maxRowsOf('friendships', asked)).toBeLessThanOrEqual(2 * FRIENDS);
    expect(await maxRowsOf('conversation_members', asked)).toBeLessThan(OWN_CONVERSATIONS + 300);
  });

  it('catching up looks once at the members of a group, however many of them it is for', async () => {
    const { rows } = await client.query<{ userId: string; count: string }>(
      `WITH few AS (SELECT id FROM users WHERE username LIKE 'crowd_%' ORDER BY id LIMIT ${MAX_LIVE_AUDIENCE}),
         made AS (INSERT INTO conversations (id, type, title)
                  VALUES (gen_random_uuid(), 'GROUP', 'Of a hundred') RETURNING id),
         joined AS (INSERT INTO conversation_members (conversation_id, user_id) SELECT made.id, few.id FROM made, few
                    RETURNING user_id)
       SELECT few.id AS "userId", (SELECT count(*) FROM conversation_members m WHERE m.user_id = few.id) AS count
       FROM few JOIN joined ON joined.user_id = few.id`,
    );
    const userIds = rows.map(({ userId }) => userId);
    const repository = new CatchUpRepository(story.app.get(Database));
    const since = await repository.snapshot();
    const asked = await askedDuring(() => repository.changes(since, userIds));
    // Memberships of each, twice, and the members of what they are in: direct conversations, their own rooms, and the one group.
    const own = rows.reduce((sum, { count }) => sum + Number(count) + 1, 0);
    expect(await maxRowsOf('conversation_members', asked)).toBeLessThanOrEqual(4 * own + MAX_LIVE_AUDIENCE);
    await client.query(
      `UPDATE conversation_members SET receipt_xid = pg_current_xact_id() WHERE user_id = $1
       AND conversation_id = (SELECT id FROM conversations WHERE title = 'Of a hundred')`,
      [userIds[0]],
    );
    const changes = await repository.changes(since, userIds);
    const concerned = changes.filter(({ conversationId, isOther }) => conversationId === null && isOther);
    expect(concerned.map(({ userId }) => userId).sort()).toEqual([...userIds].sort());
    expect((await repository.changes(since, [bob.id])).filter(({ isOther }) => isOther)).toEqual([]);
  });

  describe('if there were a million of everything', () => {
    let large: Set<string>;
    beforeAll(async () => {
      large = new Set(await pretendSize(client));
    });

    const sweeps: [string, string, () => Promise<unknown>][] = [
      ['sessions', 'sessions', () => story.app.get(Sessions).deleteExpired()],
      ['registrations', 'pending_registrations', () => story.app.get(PendingRegistrations).deleteExpired()],
      ['codes', 'one_time_codes', () => story.app.get(OneTimeCodes).deleteExpired()],
      ['uploads', 'attachments', () => story.app.get(AttachmentsRepository).markExpiredPendingDeletion(100)],
      ['files', 'attachments', () => story.app.get(AttachmentsRepository).listPendingDeletion(100)],
      ['announced files', 'attachments', () => story.app.get(AttachmentsRepository).listClosedUploads(100)],
      ['reports', 'reports', () => story.app.get(ReportsService).forgetOld()],
      ['entries in the log of push', 'push_log', () => story.app.get(PushQueueRepository).deleteOld(100)],
      ['notices', 'push_notices', () => story.app.get(PushQueueRepository).deleteOld(100)],
      ['tickets', 'push_tickets', () => story.app.get(PushQueueRepository).takeTickets(100)],
      [
        'waits of devices',
        'push_devices',
        () => story.app.get(PushQueueRepository).take('web', 64, FIRST_ID, 1_000, ['fcm.googleapis.com']),
      ],
      ['deliveries', 'webhook_deliveries', () => story.app.get(WebhookQueueRepository).deleteOld(14, 100)],
      ['attentions', 'attentions', () => story.app.get(AttentionRepository).sweep()],
      ['presences', 'presences', () => story.app.get(PresenceStore).sweep(false)],
      [
        'times of conversations',
        'conversation_retention',
        () => story.app.get(RetentionRepository).due(FIRST_ID, 100, null),
      ],
      ['times of messages', 'messages', () => story.app.get(RetentionRepository).due(FIRST_ID, 100, 30)],
    ];
    it.each(sweeps)('a sweep of %s that are over finds them by an index', async (_, relation, work) => {
      const asked = await askedDuring(work);
      expect(asked.length).toBeGreaterThan(0);
      expect(await maxRowsOf(relation, asked)).toBeLessThanOrEqual(1_000);
    });

    it('no statement of the source reads a table of a million rows whole', async () => {
      const { texts } = statementsOf(process.cwd(), 'src');
      expect(texts.size).toBeGreaterThan(200);
      const used = new Set<string>();
      const walked = new Set<string>();
      const faults: string[] = [];
      for (const [text, { place }] of texts) {
        for (const scan of await plannedScansOf(client, text)) {
          const { relation } = scan;
          if (!large.has(relation) || !isWhole(scan)) continue;
          if (!scan.isSequential && PARTIAL.has(scan.index ?? '')) {
            walked.add(scan.index ?? '');
            continue;
          }
          if (WHOLE[place]?.relations.includes(relation)) used.add(place);
          else faults.push(`${place} reads ${relation} whole: ${text.replaceAll(/\s+/g, ' ').slice(0, 200)}`);
        }
      }
      expect(faults).toEqual([]);
      expect([...used].sort()).toEqual(Object.keys(WHOLE).sort());
      expect([...walked].sort()).toEqual([...PARTIAL].sort());
    });
  });
});

/** Whether a scan reads all of a table. */
function isWhole({ index, isSequential, hasCondition, isLimited }: Scan): boolean {
  return isSequential || (index !== undefined && !hasCondition && !isLimited);
}

/** Partial indexes that may be walked whole: they hold what is under way, which is never much. */
const PARTIAL = new Set(['attachments_unfinished']);
