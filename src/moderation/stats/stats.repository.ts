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
        `SELECT u.*, s.*, c.*, a.*,
           (SELECT count(*) FROM online_users) AS "onlineUsers",
           (SELECT count(*) FROM push_devices) AS devices,
           (SELECT count(*) FROM reports WHERE status = 'OPEN') AS "openReports"
         FROM (
           SELECT count(*) AS users,
             count(*) FILTER (WHERE suspended_at IS NOT NULL AND (suspended_until IS NULL OR suspended_until > $1::timestamptz)) AS "suspendedUsers",
             count(*) FILTER (WHERE role::text = 'MODERATOR') AS moderators, count(*) FILTER (WHERE role::text = 'ADMIN') AS administrators
           FROM users WHERE deleted_at IS NULL
         ) AS u CROSS JOIN (
           SELECT count(*) AS sessions, count(DISTINCT user_id) FILTER (WHERE last_used_at > $1::timestamptz - interval '1 day') AS "activeUsers"
           FROM sessions WHERE revoked_at IS NULL AND expires_at > $1
         ) AS s CROSS JOIN (
           SELECT count(*) AS conversations, COALESCE(sum(last_seq), 0)::float8 AS messages FROM conversations
         ) AS c CROSS JOIN (
           SELECT count(*) AS attachments, COALESCE(sum(size), 0)::float8 AS "attachmentBytes" FROM attachments WHERE state = 'READY'
         ) AS a`,
        [now],
      );
      if (counts === undefined) throw new Error('an aggregate answered nothing');
      const days = await transaction.query<DayView>(
        `SELECT to_char(d, 'YYYY-MM-DD') AS day,
           (SELECT count(*) FROM users WHERE created_at >= d AT TIME ZONE 'UTC' AND created_at < (d + interval '1 day') AT TIME ZONE 'UTC') AS "newUsers",
           (SELECT count(*) FROM reports WHERE created_at >= d AT TIME ZONE 'UTC' AND created_at < (d + interval '1 day') AT TIME ZONE 'UTC') AS reports
         FROM generate_series(date_trunc('day', $1::timestamptz AT TIME ZONE 'UTC') - interval '29 days',
           date_trunc('day', $1::timestamptz AT TIME ZONE 'UTC'), interval '1 day') AS d ORDER BY d`,
        [now],
      );
      return { ...counts, days };
    });
  }
}
