import { Injectable } from '@nestjs/common';
import { Database } from '../../database/database.js';
import type { DayView, StatsView } from './stats.view.js';

/** Counting reads whole tables, though small ones. */
const COUNT_TIMEOUT_MS = 8_000;

@Injectable()
export class StatsRepository {
  constructor(private readonly database: Database) {}

  /** Messages are counted by the last number of each conversation: they are dense, and their own table is the one that is large. */
  count(now: Date): Promise<Omit<StatsView, 'at'>> {
    return this.database.background.readWithin(COUNT_TIMEOUT_MS, async (transaction) => {
      const [counts] = await transaction.query<Omit<StatsView, 'at' | 'days'>>(
        `SELECT u.*, s.*, active.*, c.*, a.*,
           (SELECT count(*) FROM online_users) AS "onlineUsers",
           (SELECT count(*) FROM push_devices) AS devices,
           (SELECT count(*) FROM reports WHERE status = 'OPEN') AS "openReports"
         FROM (
           SELECT count(*) AS users,
             count(*) FILTER (WHERE suspended_at IS NOT NULL AND (suspended_until IS NULL OR suspended_until > $1::timestamptz)) AS "suspendedUsers",
             count(*) FILTER (WHERE role::text = 'MODERATOR') AS moderators, count(*) FILTER (WHERE role::text = 'ADMIN') AS administrators
           FROM users WHERE deleted_at IS NULL
         ) AS u CROSS JOIN (
           SELECT count(*) AS sessions FROM sessions WHERE revoked_at IS NULL AND expires_at > $1
         ) AS s CROSS JOIN (
           SELECT count(*) AS "activeUsers" FROM (
             SELECT user_id FROM sessions
             WHERE revoked_at IS NULL AND expires_at > $1 AND last_used_at > $1::timestamptz - interval '1 day'
             -- Sessions of trusted issuers' users say nothing of their use.
             UNION SELECT user_id FROM last_seen WHERE at > $1::timestamptz - interval '1 day'
             UNION SELECT user_id FROM online_users
           ) AS active
         ) AS active CROSS JOIN (
           SELECT count(*) AS conversations, COALESCE(sum(last_seq), 0)::float8 AS messages FROM conversations
         ) AS c CROSS JOIN (
           SELECT count(*) AS attachments, COALESCE(sum(size), 0)::float8 AS "attachmentBytes" FROM attachments WHERE state = 'READY'
         ) AS a`,
        [now],
      );
      if (counts === undefined) throw new Error('an aggregate answered nothing');
      const days = await transaction.query<DayView>(
        `WITH days AS (
           SELECT generate_series(today - interval '29 days', today, interval '1 day') AS day
           FROM date_trunc('day', $1::timestamptz AT TIME ZONE 'UTC') AS today
         ), registered AS (
           SELECT date_trunc('day', created_at AT TIME ZONE 'UTC') AS day, count(*) AS count FROM users
           WHERE created_at > $1::timestamptz - interval '30 days' GROUP BY 1
         ), reported AS (
           SELECT date_trunc('day', created_at AT TIME ZONE 'UTC') AS day, count(*) AS count FROM reports
           WHERE created_at > $1::timestamptz - interval '30 days' GROUP BY 1
         )
         SELECT to_char(day, 'YYYY-MM-DD') AS day, COALESCE(u.count, 0) AS "newUsers", COALESCE(r.count, 0) AS reports
         FROM days LEFT JOIN registered u USING (day) LEFT JOIN reported r USING (day) ORDER BY 1`,
        [now],
      );
      return { ...counts, days };
    });
  }
}
