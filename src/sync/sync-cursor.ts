import { invalidField } from '../common/errors.js';
import { isUuidText } from '../common/pagination.js';

/** The kinds of things that sync answers with, in the order it answers them. Cursors hold their numbers: a new one goes last. */
export const SYNC_STAGES = ['conversations', 'left', 'receipts', 'friends', 'requests', 'messages', 'users'] as const;
export type SyncStage = (typeof SYNC_STAGES)[number];

/**
 * How far a client is. `lower` is what it has seen: a snapshot of PostgreSQL, which says of every transaction whether it
 * had committed. Between two pages of one answer `upper` is the snapshot it is being brought to, and `position` the key
 * of the last thing answered.
 */
export interface SyncCursor {
  /** The database whose transactions the snapshots number. */
  database: string;
  userId: string;
  /** Null for a client that has seen nothing: it gets its conversations, and is then at `upper`. */
  lower: string | null;
  upper: string | null;
  position: SyncPosition | null;
}

export interface SyncPosition {
  stage: SyncStage;
  key: readonly (string | number)[];
}

const VERSION = 1;
const MAX_SNAPSHOT_LENGTH = 4_096;

export function encodeSyncCursor({ database, userId, lower, upper, position }: SyncCursor): string {
  const stage = position === null ? null : SYNC_STAGES.indexOf(position.stage);
  return Buffer.from(JSON.stringify([VERSION, database, userId, lower, upper, stage, position?.key ?? null])).toString(
    'base64url',
  );
}

/** @throws DomainError VALIDATION_FAILED for what no server of this kind ever gave out. */
export function decodeSyncCursor(text: string): SyncCursor {
  let parts: unknown;
  try {
    parts = JSON.parse(Buffer.from(text, 'base64url').toString());
  } catch {
    throw notOurs();
  }
  if (!Array.isArray(parts) || parts.length !== 7) throw notOurs();
  const [version, database, userId, lower, upper, stage, key] = parts as unknown[];
  if (
    version !== VERSION ||
    typeof database !== 'string' ||
    !/^[\d:]{1,64}(:[\da-f-]{36})?$/.test(database) ||
    !isUuidText(userId)
  )
    throw notOurs();
  if ((lower !== null && !isSnapshot(lower)) || (upper !== null && !isSnapshot(upper))) throw notOurs();
  if (lower === null && upper === null) throw notOurs();
  if ((upper === null) !== (stage === null)) throw notOurs();
  return { database, userId, lower, upper, position: stage === null ? null : position(stage, key) };
}

const KEYS: Record<SyncStage, readonly ((part: unknown) => boolean)[]> = {
  conversations: [isUuidText],
  left: [isUuidText],
  receipts: [isUuidText, isUuidText],
  friends: [isUuidText],
  requests: [isUuidText],
  messages: [isUuidText, isSeq, isSeq],
  users: [isUuidText],
};

function position(stage: unknown, key: unknown): SyncPosition {
  const name = typeof stage === 'number' ? SYNC_STAGES[stage] : undefined;
  if (name === undefined || !Array.isArray(key)) throw notOurs();
  const checks = KEYS[name];
  if (key.length !== checks.length || !checks.every((check, index) => check(key[index]))) throw notOurs();
  return { stage: name, key: key as (string | number)[] };
}

function isSeq(part: unknown): boolean {
  return Number.isInteger(part) && (part as number) >= 0 && (part as number) <= 2_147_483_647;
}

/** `xmin:xmax:xip,…` as PostgreSQL writes and reads it: ascending, everything in progress between the two. */
export function isSnapshot(text: unknown): text is string {
  if (typeof text !== 'string' || text.length > MAX_SNAPSHOT_LENGTH) return false;
  const match = /^(\d{1,19}):(\d{1,19}):((?:\d{1,19}(?:,\d{1,19})*)?)$/.exec(text);
  if (match === null) return false;
  const [xmin, xmax] = [BigInt(match[1] ?? 0), BigInt(match[2] ?? 0)];
  if (xmin < 1n || xmax < xmin || xmax > MAX_XID) return false;
  let previous = 0n;
  for (const part of match[3] === '' ? [] : (match[3] ?? '').split(',')) {
    const xid = BigInt(part);
    if (xid < xmin || xid >= xmax || xid <= previous) return false;
    previous = xid;
  }
  return true;
}

const MAX_XID = 2n ** 63n - 1n;

function notOurs(): Error {
  return invalidField('cursor', 'cursor is not valid');
}
