/** Every act that is written down. A room that adds one adds it here. */
export const AUDIT_ACTIONS = [
  'role.grant',
  'user.suspend',
  'user.ban',
  'user.restore',
  'user.end_sessions',
  'user.reset_password',
  'user.delete',
  'user.export',
  'message.delete',
  'report.read',
  'report.dismiss',
  'report.resolve',
  'audit.export',
  'api_key.create',
  'api_key.revoke',
  'bot.create',
  'conversation.retention',
  'webhook.create',
  'webhook.update',
  'webhook.rotate_secret',
  'webhook.delete',
  'webhook.test',
  'webhook.redeliver',
  'webhook.disable',
  'server.after_restore',
  'server.vacuum',
  'server.end_sessions',
] as const;
export type AuditAction = (typeof AUDIT_ACTIONS)[number];

/** What something was done to. `server` has no id. */
export const AUDIT_TARGETS = ['user', 'message', 'conversation', 'report', 'api_key', 'webhook', 'server'] as const;
export type AuditTarget = (typeof AUDIT_TARGETS)[number];

/** Code points; what a person may give as the reason of an act. */
export const MAX_REASON_LENGTH = 1_000;

export interface AuditEntry {
  /** Null for an operator at the server's machine, and for what the server does by itself. */
  actorId: string | null;
  action: AuditAction;
  targetType: AuditTarget;
  targetId: string | null;
  /** In the actor's words. */
  reason?: string | null | undefined;
  /** The actor's IP address. */
  ip?: string | null | undefined;
  /** What else there is to say: the end of a suspension, the role that was granted. Never a secret. */
  details?: Readonly<Record<string, string | number | boolean | null>> | undefined;
}
