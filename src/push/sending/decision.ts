import type { AttentionLevel } from '../../presence/attention.js';
import type { Notice } from './notice.js';

/** Why nothing is sent. For the device's owner; docs/push.md says what each means. */
export type SkipReason =
  | 'too old'
  | 'left'
  | 'blocked'
  | 'muted'
  | 'archived'
  | 'read'
  | 'deleted'
  | 'answered'
  | 'looking';

export type Decision =
  | { action: 'skip'; reason: SkipReason }
  /** Somebody looks at the app: it is decided later whether that was enough. */
  | { action: 'wait'; reason: 'active elsewhere'; waitMs: number }
  | { action: 'show' };

export interface DecisionTimes {
  maxAgeMs: number;
  elsewhereDelayMs: number;
}

/** Whether a device rings, by what is so now: what was so when the message came decides nothing. */
export function decide(
  notice: Notice,
  attention: AttentionLevel,
  { maxAgeMs, elsewhereDelayMs }: DecisionTimes,
): Decision {
  const skip = (reason: SkipReason): Decision => ({ action: 'skip', reason });
  if (notice.ageMs > maxAgeMs) return skip('too old');
  if (notice.kind === 'message' || notice.kind === 'conversation') {
    if (!notice.isMember) return skip('left');
    if (notice.isMuted) return skip('muted');
    if (notice.isArchived) return skip('archived');
  }
  if (notice.isBlocked) return skip('blocked');
  if (!notice.isCurrent) return skip(notice.kind === 'conversation' ? 'read' : 'answered');
  if (notice.kind === 'message') {
    if (notice.unread === 0) return skip('read');
    if (notice.present === 0) return skip('deleted');
    if (notice.allowed === 0) return skip('blocked');
  }
  if (attention === 'looking') return skip('looking');
  if (attention === 'elsewhere' && notice.ageMs < elsewhereDelayMs)
    return { action: 'wait', reason: 'active elsewhere', waitMs: elsewhereDelayMs - notice.ageMs };
  return { action: 'show' };
}
