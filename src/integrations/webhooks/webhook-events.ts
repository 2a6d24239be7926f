/** What webhooks are sent (contract, section 9). */
export const WEBHOOK_EVENTS = [
  'message.created',
  'message.updated',
  'message.deleted',
  'user.created',
  'user.deleted',
  'friend.accepted',
  'conversation.created',
  'member.joined',
  'member.left',
  'report.created',
] as const;
export type WebhookEventType = (typeof WEBHOOK_EVENTS)[number];

/** Sent by hand, to whatever webhook, to see whether it arrives. */
export const TEST_EVENT = 'webhook.test';

/** Why nothing is sent to a webhook. */
export const DISABLED_REASONS = ['GONE', 'FAILING', 'BACKLOG', 'ADMINISTRATOR'] as const;
export type DisabledReason = (typeof DISABLED_REASONS)[number];

/** For so long it can be seen, and sent again, what was sent. */
export const DELIVERY_WINDOW_DAYS = 14;
