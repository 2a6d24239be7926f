import { type BeforeApplicationShutdown, Injectable, Logger, type OnApplicationShutdown } from '@nestjs/common';
import type { MessageAttachment } from '../../attachments/attachment.js';
import { Pause } from '../../common/async/pause.js';
import { DomainError } from '../../common/errors.js';
import { Clock } from '../../common/clock.js';
import type { MessageKind } from '../../common/message-kind.js';
import { isConnectionFailure, isOutcomeUnknown } from '../../common/temporary-failures.js';
import { preview } from '../../common/text/preview.js';
import { type ShownEvent, shownSentence } from '../../conversations/groups/system-event.js';
import { Configuration } from '../../config/configuration.js';
import { Database } from '../../database/database.js';
import type { QuotationLimits } from '../../events/domain-events.js';
import { Metrics } from '../../observability/metrics.js';
import { BatchPace, MIN_FULL_BATCH_SIZE } from './batch-pace.js';
import { UnsettledSends } from './unsettled-sends.js';

/** A message on its way into the database. */
export interface MessageDraft {
  /** UUIDv7, made by the server. */
  id: string;
  conversationId: string;
  senderId: string;
  /** The sender's idempotency key; `id` where it gave none, so that a retry of our own never stores twice. */
  clientId: string;
  content: string;
  replyToId: string | null;
  /** What it carries besides its text; undefined for nearly all. */
  attached?: { kind: MessageKind; attachments: readonly MessageAttachment[]; uploadIds: readonly string[] } | undefined;
}

export interface StoredReply {
  seq: number;
  senderId: string;
  kind: MessageKind;
  content: string | null;
  deletedAt: Date | null;
  /** Undefined where every member may read it. */
  limits: QuotationLimits | undefined;
}

/**
 * What became of a draft. `repeated`: this sender used the client id before, for the message named. `begins`: the other
 * side of the direct conversation is shown the sender's presence from this message on.
 */
export type WriteOutcome =
  | { outcome: 'stored'; seq: number; createdAt: Date; reply: StoredReply | null; begins: boolean }
  | { outcome: 'repeated'; messageId: string }
  | { outcome: 'not_found' | 'refused' | 'reply_unknown' | 'attachment_unknown' };

interface Waiting {
  draft: MessageDraft;
  /** Milliseconds since 1970; past it a draft that is still not stored fails. */
  deadline: number;
  /** A statement that would have stored it was not answered: it may be stored, whatever comes of the next one. */
  isUncertain?: true;
  resolve(outcome: WriteOutcome): void;
  reject(error: unknown): void;
}

interface OutcomeRow extends Partial<QuotationRow> {
  position: number;
  outcome: WriteOutcome['outcome'];
  id: string;
  seq: number | null;
  created_at: Date | null;
  begins: boolean | null;
}

/** Nulls where there is no quotation; where there can be none, it is not asked for. */
interface QuotationRow {
  reply_seq: number | null;
  reply_sender_id: string | null;
  reply_kind: MessageKind | null;
  reply_content: string | null;
  reply_deleted_at: Date | null;
  reply_blind_ids: string[] | null;
  reply_hidden: Record<string, string> | null;
  reply_system: ShownEvent | null;
}

/** Messages in one statement at the most. */
const MAX_BATCH_SIZE = 256;
/** Messages that may wait in a lane; a send beyond it is refused with OVERLOADED. */
const MAX_QUEUE_LENGTH = 10_000;
/** How long a send waits for a database that is gone before it fails with UNAVAILABLE. */
const MAX_WAIT_MS = 10_000;
/** Batches that may be under way at once. A conversation always takes the same lane, which keeps its order. */
const LANES = 2;
/** How often it is looked whether a lock that was waited for stays. */
const LOCK_LOOKS = 4;
const LOCK_LOOK_INTERVAL_MS = 25;
const LOCK_NOT_AVAILABLE = '55P03';
const QUERY_CANCELED = '57014';
const DEADLOCK_DETECTED = '40P01';
const UNIQUE_VIOLATION = '23505';

/**
 * Stores messages: all that arrive while the previous batch commits are the next batch, one statement and one commit
 * (docs/adr/0003-message-writer.md). While many come, batches keep a pace (BatchPace), so that they are worth their commit.
 *
 * Guarantees: a draft's promise resolves after the commit that stored it, in the order of sequence numbers within a
 * conversation; drafts of one conversation are stored in the order they came; a draft that the database refuses fails
 * alone; while the database is gone, drafts wait and are tried again, at most MAX_WAIT_MS.
 */
@Injectable()
export class MessageWriter implements BeforeApplicationShutdown, OnApplicationShutdown {
  private readonly logger = new Logger(MessageWriter.name);
  private readonly lanes: Lane[];

  constructor(
    database: Database,
    configuration: Configuration,
    clock: Clock,
    metrics: Metrics,
    unsettled: UnsettledSends,
  ) {
    metrics.gauge('parley_writer_depth', 'Messages waiting to be stored or being stored.', () => this.depth);
    this.lanes = Array.from(
      { length: LANES },
      () => new Lane(database, configuration.messagingPolicy === 'friends', clock, this.logger, unsettled),
    );
  }

  /** @throws DomainError OVERLOADED at once where too many wait; UNAVAILABLE where the database stays away too long. */
  store(draft: MessageDraft): Promise<WriteOutcome> {
    return this.laneOf(draft.conversationId).store(draft);
  }

  /** How many drafts are waiting or being stored. */
  get depth(): number {
    return this.lanes.reduce((sum, lane) => sum + lane.depth, 0);
  }

  /** Waits for what was accepted. The gateway has stopped taking new sends before this. */
  async beforeApplicationShutdown(): Promise<void> {
    await Promise.all(this.lanes.map((lane) => lane.idle()));
  }

  onApplicationShutdown(): void {
    if (this.depth > 0)
      this.logger.error(`${this.depth} messages were not stored before the end; none was acknowledged`);
  }

  private laneOf(conversationId: string): Lane {
    // The last digits of a UUIDv7 are random.
    const index = Number.parseInt(conversationId.slice(-4), 16) % this.lanes.length;
    return this.lanes[index] as Lane;
  }
}

/**
 * A queue of its own, and no Batched of common/async: on the path of a message it is bounded, keeps a pace, and halves a batch
 * that fails.
 */
class Lane {
  private queue: Waiting[] = [];
  private readonly pace = new BatchPace();
  private running: Promise<void> | undefined;
  private underWay = 0;
  /** Between two batches. */
  private readonly pause = new Pause();

  constructor(
    private readonly database: Database,
    private readonly friendsOnly: boolean,
    private readonly clock: Clock,
    private readonly logger: Logger,
    private readonly unsettled: UnsettledSends,
  ) {}

  get depth(): number {
    return this.queue.length + this.underWay;
  }

  store(draft: MessageDraft): Promise<WriteOutcome> {
    if (this.queue.length >= MAX_QUEUE_LENGTH)
      return Promise.reject(new DomainError('OVERLOADED', { retryAfterMs: 1_000 }));
    return new Promise((resolve, reject) => {
      this.queue.push({ draft, deadline: this.clock.now() + MAX_WAIT_MS, resolve, reject });
      if (this.queue.length >= MIN_FULL_BATCH_SIZE) this.pause.cutShort();
      this.running ??= this.run();
    });
  }

  async idle(): Promise<void> {
    await this.running;
  }

  private async run(): Promise<void> {
    // What else this turn of the event loop brings goes into the same batch.
    await new Promise(setImmediate);
    while (this.queue.length > 0) {
      const batch = this.takeBatch();
      const startedAt = performance.now();
      this.underWay = batch.length;
      await this.write(batch);
      this.underWay = 0;
      await this.rest(this.pace.restAfter(batch.length, startedAt, performance.now()));
    }
    this.running = undefined;
  }

  /** Waits for company, until enough messages are there. */
  private async rest(milliseconds: number): Promise<void> {
    // A timer would be late for less.
    if (milliseconds < 1 || this.queue.length >= MIN_FULL_BATCH_SIZE) return;
    await this.pause.wait(milliseconds, { keepsAlive: true });
  }

  /**
   * The head of the queue, up to the first repetition of a client id: that one belongs behind its first. A draft with
   * attachments goes alone.
   */
  private takeBatch(): Waiting[] {
    const keys = new Set<string>();
    let size = 0;
    for (const { draft } of this.queue) {
      const key = draft.senderId + draft.clientId;
      if (size === MAX_BATCH_SIZE || keys.has(key) || (draft.attached !== undefined && size > 0)) break;
      keys.add(key);
      size += 1;
      if (draft.attached !== undefined) break;
    }
    const batch = this.queue.slice(0, size);
    this.queue = this.queue.slice(size);
    return batch;
  }

  /** Stores a batch, or as much of it as can be stored: what fails is halved until the culprit stands alone. */
  private async write(batch: readonly Waiting[]): Promise<void> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        this.settle(batch, await this.statement(batch.map(({ draft }) => draft)));
        return;
      } catch (error) {
        const [only] = batch;
        if (only === undefined) return;
        if (!isTransient(error)) {
          if (batch.length === 1) this.refuse(only, error);
          else await this.halves(batch);
          return;
        }
        if (isOutcomeUnknown(error)) for (const waiting of batch) waiting.isUncertain = true;
        if (isLockTimeout(error)) return this.writeUnlocked(batch, error);
        if (batch.length > 1 && !isDatabaseAway(error)) return this.halves(batch);
        if (this.clock.now() >= only.deadline) {
          // An attempt may take as long as they may wait: who waits behind this batch is not kept for another one.
          this.queue = this.refuseOverdue(this.queue, error);
          const rest = this.refuseOverdue(batch, error);
          return rest.length > 0 ? this.write(rest) : undefined;
        }
        if (attempt === 1)
          this.logger.warn(`storing ${batch.length} messages is tried again: ${(error as Error).message}`);
        await new Promise((resolve) => setTimeout(resolve, Math.min(50 * attempt, 500)));
      }
    }
  }

  /** Those whose time is over fail; the others, which came later, are given what is left of their own. */
  private refuseOverdue(waiting: readonly Waiting[], cause: unknown): Waiting[] {
    const now = this.clock.now();
    const rest: Waiting[] = [];
    for (const one of waiting) {
      if (one.deadline > now) rest.push(one);
      else this.refuse(one, new DomainError('UNAVAILABLE', { retryAfterMs: 2_000, cause }));
    }
    return rest;
  }

  private refuse({ draft, isUncertain, reject }: Waiting, error: unknown): void {
    if (isUncertain === true) this.unsettled.add(draft.id);
    reject(error);
  }

  private async halves(batch: readonly Waiting[]): Promise<void> {
    const middle = Math.ceil(batch.length / 2);
    await this.write(batch.slice(0, middle));
    await this.write(batch.slice(middle));
  }

  /**
   * Somebody keeps a row that this batch needs locked: what is meant for it fails, and nobody else waits with it. Where
   * neither a conversation nor a membership is it, the batch is halved, so that the message it holds up stands alone.
   */
  private async writeUnlocked(batch: readonly Waiting[], cause: unknown): Promise<void> {
    const stuck = batch.length === 1 ? new Set([0]) : await this.keptLocked(batch);
    if (stuck.size === 0) return this.halves(batch);
    const rest: Waiting[] = [];
    for (const [index, waiting] of batch.entries()) {
      if (stuck.has(index)) this.refuse(waiting, new DomainError('UNAVAILABLE', { retryAfterMs: 2_000, cause }));
      else rest.push(waiting);
    }
    if (rest.length > 0) await this.write(rest);
  }

  /**
   * Which of a batch, by their index, need a conversation or a membership that somebody keeps locked; none where the database does
   * not say. Another process's batch has a conversation locked for a moment.
   */
  private async keptLocked(batch: readonly Waiting[]): Promise<ReadonlySet<number>> {
    let kept = await this.lockedAmong(batch);
    for (let look = 1; look < LOCK_LOOKS && kept.size > 0; look += 1) {
      await new Promise((resolve) => setTimeout(resolve, LOCK_LOOK_INTERVAL_MS));
      const locked = await this.lockedAmong(batch);
      kept = new Set([...kept].filter((index) => locked.has(index)));
    }
    return kept;
  }

  private async lockedAmong(batch: readonly Waiting[]): Promise<ReadonlySet<number>> {
    const rows = await this.database
      .query<{ index: number }>(
        `WITH drafts AS (
           SELECT * FROM unnest($1::uuid[], $2::uuid[]) WITH ORDINALITY AS d(conversation_id, sender_id, position)
         ), needed AS (
           SELECT d.position, c.id, m.user_id FROM drafts d JOIN conversations c ON c.id = d.conversation_id
           LEFT JOIN conversation_members m ON m.conversation_id = d.conversation_id AND m.user_id = d.sender_id
         ), free_conversations AS (
           SELECT id FROM conversations WHERE id = ANY ($1) FOR NO KEY UPDATE SKIP LOCKED
         ), free_members AS (
           SELECT m.conversation_id, m.user_id FROM conversation_members m
           JOIN drafts d ON d.conversation_id = m.conversation_id AND d.sender_id = m.user_id
           FOR NO KEY UPDATE OF m SKIP LOCKED
         )
         SELECT position::integer - 1 AS index FROM needed n
         WHERE n.id NOT IN (SELECT id FROM free_conversations)
           OR (n.user_id IS NOT NULL AND (n.id, n.user_id) NOT IN (SELECT conversation_id, user_id FROM free_members))`,
        [batch.map(({ draft }) => draft.conversationId), batch.map(({ draft }) => draft.senderId)],
      )
      .catch(() => []);
    return new Set(rows.map(({ index }) => index));
  }

  private statement(drafts: readonly MessageDraft[]): Promise<OutcomeRow[]> {
    const [only] = drafts;
    if (only !== undefined && drafts.length === 1) return this.single(only);
    return this.database.query<OutcomeRow>(
      'SELECT * FROM store_messages($1, $2, $3, $4, $5, $6, $7)',
      [
        drafts.map(({ id }) => id),
        drafts.map(({ conversationId }) => conversationId),
        drafts.map(({ senderId }) => senderId),
        drafts.map(({ clientId }) => clientId),
        drafts.map(({ content }) => content),
        drafts.map(({ replyToId }) => replyToId),
        this.friendsOnly,
      ],
      'store_messages',
    );
  }

  /** The same for one draft, at two thirds of the cost. */
  private single({ id, conversationId, senderId, clientId, content, replyToId, attached }: MessageDraft) {
    // Without a quotation its columns are all null: those that are not selected need not be decoded.
    const columns = replyToId === null ? 'position, outcome, id, seq, created_at, begins' : '*';
    return this.database.query<OutcomeRow>(
      `SELECT ${columns} FROM store_message($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`,
      [
        id,
        conversationId,
        senderId,
        clientId,
        content,
        replyToId,
        attached?.kind ?? 'TEXT',
        attached === undefined || attached.uploadIds.length === 0 ? null : attached.uploadIds,
        attached === undefined ? null : JSON.stringify(attached.attachments),
        this.friendsOnly,
      ],
      replyToId === null ? 'store_message' : 'store_message_with_reply',
    );
  }

  private settle(batch: readonly Waiting[], rows: readonly OutcomeRow[]): void {
    // In the order of the batch, which is that of sequence numbers, so that whoever awaits continues in that order.
    for (const row of [...rows].sort((a, b) => a.position - b.position)) {
      batch[row.position - 1]?.resolve(outcomeOf(row));
    }
  }
}

function isLockTimeout(error: unknown): boolean {
  return (error as { code?: unknown }).code === LOCK_NOT_AVAILABLE;
}

/** Whether no message is to blame: the database is not reached, or too many statements wait for a connection to it. */
function isDatabaseAway(error: unknown): boolean {
  return isConnectionFailure(error) || (error instanceof DomainError && error.code === 'OVERLOADED');
}

/** Whether the same statement may succeed later or among fewer; anything else is the message's own fault. */
function isTransient(error: unknown): boolean {
  const code = (error as { code?: unknown }).code;
  return (
    isDatabaseAway(error) ||
    isLockTimeout(error) ||
    code === QUERY_CANCELED ||
    code === DEADLOCK_DETECTED ||
    // Another process stored the same client id at the same moment, in another conversation: now it is there to be found.
    code === UNIQUE_VIOLATION
  );
}

function outcomeOf(row: OutcomeRow): WriteOutcome {
  if (row.outcome === 'repeated') return { outcome: 'repeated', messageId: row.id };
  if (row.outcome !== 'stored') return { outcome: row.outcome };
  if (row.seq === null || row.created_at === null) throw new Error('a stored message has no sequence number');
  return {
    outcome: 'stored',
    seq: row.seq,
    createdAt: row.created_at,
    begins: row.begins === true,
    reply: replyOf(row),
  };
}

function replyOf(row: OutcomeRow): StoredReply | null {
  const { reply_seq: seq, reply_sender_id: senderId, reply_kind: kind, reply_system: system } = row;
  if (seq == null || senderId == null || kind == null) return null;
  return {
    seq,
    senderId,
    kind,
    content: row.reply_content ?? (system == null ? null : preview(shownSentence(system))),
    deletedAt: row.reply_deleted_at ?? null,
    limits: limitsOf(row),
  };
}

function limitsOf({ reply_blind_ids: blindIds, reply_hidden: hidden }: OutcomeRow): QuotationLimits | undefined {
  if (blindIds == null && hidden == null) return undefined;
  const hiddenAt = Object.entries(hidden ?? {}).map(([userId, at]) => [userId, new Date(at).toISOString()]);
  return { blindIds: blindIds ?? [], hiddenAt: Object.fromEntries(hiddenAt) as Record<string, string> };
}
