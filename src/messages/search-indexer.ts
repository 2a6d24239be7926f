import { Injectable, Logger, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { Database } from '../database/database.js';
import { EventBus } from '../events/event-bus.js';
import { MessageWriter } from './message-writer.js';

/** A conversation is indexed once it has been quiet for this long, or when a pass finds the writer idle. */
const PAUSE_MS = 2_000;
/** Messages indexed in one transaction at the most: senders wait for one of two cores no longer than that takes. */
const STEP = 100;
/** Between two steps at least so long, and so many times what the step took: a backlog takes a tenth of one core. */
const LEAST_BREATH_MS = 20;
const BREATHS = 9;
/** Conversations remembered as waiting at the most; those forgotten are found again by the look at the start. */
const MOST_WAITING = 100_000;

/**
 * Fills the search index behind the path of a message: two GIN indexes cost more than everything else a message costs,
 * so no sender waits for them. Search reads what is not indexed yet from the messages, so this may lag, stop or be
 * killed without anybody noticing. Several processes may index the same conversation; each message goes in once.
 */
@Injectable()
export class SearchIndexer implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly logger = new Logger(SearchIndexer.name);
  private readonly waiting = new Set<string>();
  private timer: NodeJS.Timeout | undefined;
  private pass: Promise<void> = Promise.resolve();
  private stopped = false;

  constructor(
    private readonly database: Database,
    private readonly writer: MessageWriter,
    events: EventBus,
  ) {
    events.subscribe('messages.created', ({ messages }) => {
      for (const { message } of messages) this.note(message.conversationId);
    });
  }

  onApplicationBootstrap(): void {
    this.pass = this.pass.then(() => this.findUnindexed()).catch((error: unknown) => this.report(error));
  }

  async onApplicationShutdown(): Promise<void> {
    this.stopped = true;
    clearTimeout(this.timer);
    await this.pass;
  }

  private note(conversationId: string): void {
    if (this.stopped || this.waiting.size >= MOST_WAITING) return;
    this.waiting.add(conversationId);
    this.schedule();
  }

  private schedule(): void {
    if (this.stopped || this.timer !== undefined) return;
    this.timer = setTimeout(() => {
      this.timer = undefined;
      this.pass = this.pass.then(() => this.indexWaiting()).catch((error: unknown) => this.report(error));
    }, PAUSE_MS).unref();
  }

  /** Conversations that an earlier process left unindexed. */
  private async findUnindexed(): Promise<void> {
    const rows = await this.database.background.query<{ id: string }>(
      `SELECT c.id FROM conversations c LEFT JOIN message_search_progress p ON p.conversation_id = c.id
       WHERE c.last_seq > COALESCE(p.indexed_seq, 0) LIMIT $1`,
      [MOST_WAITING],
    );
    for (const { id } of rows) this.note(id);
  }

  private async indexWaiting(): Promise<void> {
    for (const conversationId of this.waiting) {
      // What is written from here on is noted anew.
      this.waiting.delete(conversationId);
      for (let hasMore = true; hasMore; ) {
        if (this.stopped) return;
        // Senders first.
        if (this.writer.depth > 0) return this.note(conversationId);
        const began = performance.now();
        hasMore = await this.step(conversationId);
        const breath = Math.max(LEAST_BREATH_MS, (performance.now() - began) * BREATHS);
        await new Promise((resolve) => setTimeout(resolve, breath));
      }
    }
  }

  /** Indexes the next messages of a conversation; true where there are more. */
  private async step(conversationId: string): Promise<boolean> {
    return this.database.background.transaction(async (transaction) => {
      // Lost with the machine, it is done again.
      await transaction.query('SET LOCAL synchronous_commit = off');
      await transaction.query(
        'INSERT INTO message_search_progress (conversation_id, indexed_seq) VALUES ($1, 0) ON CONFLICT DO NOTHING',
        [conversationId],
      );
      const [progress] = await transaction.query<{ indexedSeq: number }>(
        'SELECT indexed_seq AS "indexedSeq" FROM message_search_progress WHERE conversation_id = $1 FOR UPDATE',
        [conversationId],
      );
      const [step] = await transaction.query<{ count: number; indexedSeq: number | null }>(
        `WITH next AS MATERIALIZED (
           SELECT id, seq, content, kind FROM messages WHERE conversation_id = $1 AND seq > $2 ORDER BY seq LIMIT $3
         ), indexed AS (
           INSERT INTO message_search (message_id, conversation_id, seq, content)
           SELECT id, $1, seq, content FROM next WHERE content IS NOT NULL AND kind <> 'SYSTEM'
           ON CONFLICT (message_id) DO NOTHING
         )
         SELECT count(*) AS count, max(seq) AS "indexedSeq" FROM next`,
        [conversationId, progress?.indexedSeq ?? 0, STEP],
      );
      if (step === undefined || step.indexedSeq === null) return false;
      await transaction.query('UPDATE message_search_progress SET indexed_seq = $2 WHERE conversation_id = $1', [
        conversationId,
        step.indexedSeq,
      ]);
      return step.count === STEP;
    });
  }

  private report(error: unknown): void {
    this.logger.warn(`messages are not indexed for search at the moment: ${(error as Error).message}`);
  }
}
