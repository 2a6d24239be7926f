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
  /** `upper` is less than what the first page was brought to: each page is of its own moment, and `upper` is for the next call. */
  isUpperRounded?: boolean;
  position: SyncPosition | null;
}

export interface SyncPosition {
  stage: SyncStage;
  key: readonly (string | number)[];
}

const VERSION = 1;
/** The same with an `upper` that is rounded. */
const ROUNDED_VERSION = 2;
const MAX_SNAPSHOT_LENGTH = 4_096;
/** Of a cursor. */
export const MAX_CURSOR_LENGTH = 8_192;
/** Two of them, the rest of a cursor beside them, are within `MAX_CURSOR_LENGTH` in base64. */
const MAX_ENCODED_SNAPSHOT_LENGTH = 2_800;

/** What is encoded is never too long to be decoded, however many transactions a snapshot lists. */
export function encodeSyncCursor({ database, userId, lower, upper, isUpperRounded, position }: SyncCursor): string {
  const stage = position === null ? null : SYNC_STAGES.indexOf(position.stage);
  const version = isUpperRounded === true || isLong(upper) ? ROUNDED_VERSION : VERSION;
  const parts = [version, database, userId, rounded(lower), rounded(upper), stage, position?.key ?? null];
  return Buffer.from(JSON.stringify(parts)).toString('base64url');
}

/**
 * A snapshot that is too long, without what committed after the oldest transaction under way. As `lower` it answers some
 * changes again, and skips none. As `upper` it must not bound a page: a message may have a higher transaction number than
 * the next one has, and would be left out where the next is answered, which the next call takes for seen.
 */
function rounded(snapshot: string | null): string | null {
  if (snapshot === null || !isLong(snapshot)) return snapshot;
  const [xmin = ''] = snapshot.split(':', 1);
  return `${xmin}:${xmin}:`;
}

function isLong(snapshot: string | null): boolean {
  return snapshot !== null && snapshot.length > MAX_ENCODED_SNAPSHOT_LENGTH;
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
    (version !== VERSION && version !== ROUNDED_VERSION) ||
    typeof database !== 'string' ||
    !/^[\d:]{1,64}(:[\da-f-]{36})?$/.test(database) ||
    !isUuidText(userId)
  )
    throw notOurs();
  if ((lower !== null && !isSnapshot(lower)) || (upper !== null && !isSnapshot(upper))) throw notOurs();
  if (lower === null && upper === null) throw notOurs();
  if ((upper === null) !== (stage === null)) throw notOurs();
  if (version === ROUNDED_VERSION && upper === null) throw notOurs();
  return {
    database,
    userId,
    lower,
    upper,
    ...(version === ROUNDED_VERSION ? { isUpperRounded: true } : {}),
    position: stage === null ? null : position(stage, key),
  };
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
