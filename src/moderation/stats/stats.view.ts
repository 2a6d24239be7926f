/** What happened on one day, UTC. */
export class DayView {
  /** @example "2026-11-20" */
  day!: string;
  newUsers!: number;
  reports!: number;
}

/** Numbers of the server, at most half a minute old. */
export class StatsView {
  /** When they were counted: ISO 8601, UTC. */
  at!: string;
  /** Accounts that are not deleted. */
  users!: number;
  onlineUsers!: number;
  /** Those that were used, or connected, in the last 24 hours. */
  activeUsers!: number;
  suspendedUsers!: number;
  moderators!: number;
  administrators!: number;
  sessions!: number;
  devices!: number;
  conversations!: number;
  /** All that were ever sent. */
  messages!: number;
  attachments!: number;
  /** Bytes of attachments, as they are served. */
  attachmentBytes!: number;
  openReports!: number;
  /** The last 30 days, the oldest first. */
  days!: DayView[];
}
