import { Injectable, Logger, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { BackgroundLoop } from '../../common/async/background-loop.js';
import { StepSize } from '../../common/async/step-size.js';
import { Configuration } from '../../config/configuration.js';
import { EventBus } from '../../events/event-bus.js';
import { Metrics } from '../../observability/metrics.js';
import { MessageWriter } from '../sending/message-writer.js';
import { foldText } from '../../common/text/fold-text.js';
import { type NextMessage, SearchIndexRepository, type Turn } from './search-index.repository.js';
import { indexedText } from './search-text.js';

/** One transaction: bounded in time, so that neither a sender nor a search waits long for a core. */
const MAX_STEP_CONVERSATIONS = 64;
const STEP_BOUNDS = { messages: 100, bytes: 256 * 1024 };
/** The rest after a step is so many times as long as the step: a fifth of a core while messages come in, half of one otherwise. */
const REST_WHILE_BUSY = 4;
const REST_WHILE_IDLE = 1;
const MIN_REST_MS = 5;
/** Conversations remembered as waiting; where there were more, the database is asked for them. */
const MAX_WAITING = 100_000;

/**
 * Fills the search index behind the path of a message: it costs more than everything else a message costs, so no sender
 * waits for it. Search reads what is not indexed yet from the messages, so this may lag, stop or be killed. Several
 * processes may index at once; each message goes in once.
 *
 * Conversations take turns, a step each, so that a flood in one does not keep the others from being indexed. One whose
 * step failed takes another turn later.
 */
@Injectable()
export class SearchIndexer implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly logger = new Logger(SearchIndexer.name);
  /** In the order of their turns. */
  private readonly waiting = new Set<string>();
  /** Whether the database may know of conversations that wait and are not in `waiting`. */
  private hasForgotten = false;
  private readonly stepSize = new StepSize(MAX_STEP_CONVERSATIONS);
  /** Nothing waited before: what comes within a moment goes into the same step. */
  private isGathering = true;
  private readonly loop = new BackgroundLoop(
    () => this.step(),
    ({ message }) => this.logger.warn(`messages are not indexed for search at the moment: ${message}`),
  );

  constructor(
    private readonly repository: SearchIndexRepository,
    private readonly writer: MessageWriter,
    private readonly configuration: Configuration,
    metrics: Metrics,
    events: EventBus,
  ) {
    metrics.gauge(
      'parley_search_conversations_waiting',
      'Conversations with messages that the search index does not have yet.',
      () => this.waiting.size,
    );
    events.subscribe('messages.created', ({ messages }) => {
      for (const { message } of messages) this.note(message.conversationId);
    });
    // What it had stored it may have left unindexed.
    events.subscribe('process.lost', () => this.lookForForgotten());
  }

  /** What an earlier process left unindexed. */
  onApplicationBootstrap(): void {
    this.lookForForgotten();
  }

  private lookForForgotten(): void {
    this.hasForgotten = true;
    this.loop.start();
  }

  onApplicationShutdown(): Promise<void> {
    return this.loop.stop();
  }

  private note(conversationId: string): void {
    if (this.waiting.size < MAX_WAITING) this.waiting.add(conversationId);
    else if (!this.waiting.has(conversationId)) this.hasForgotten = true;
    this.loop.start();
  }

  private async step(): Promise<number | undefined> {
    const { searchIndexPauseMs } = this.configuration.timings;
    if (this.waiting.size === 0 && !this.hasForgotten) {
      this.isGathering = true;
      return undefined;
    }
    if (this.isGathering) {
      this.isGathering = false;
      return searchIndexPauseMs;
    }
    const began = performance.now();
    const isIdle = await this.indexWaiting();
    const times = this.writer.depth > 0 ? REST_WHILE_BUSY : REST_WHILE_IDLE;
    return isIdle ? searchIndexPauseMs : Math.max(MIN_REST_MS, (performance.now() - began) * times);
  }

  /** Whether there is nothing to do for now, although conversations wait: other processes have them under way. */
  private async indexWaiting(): Promise<boolean> {
    if (this.waiting.size === 0) {
      await this.findForgotten();
      return false;
    }
    const turn = [...take(this.waiting, this.stepSize.value)];
    // What is written from here on is noted anew.
    for (const conversationId of turn) this.waiting.delete(conversationId);
    try {
      const { remaining, isIdle } = await this.index(turn);
      for (const conversationId of remaining) this.note(conversationId);
      this.stepSize.succeeded();
      return isIdle && remaining.length > 0;
    } catch (error) {
      for (const conversationId of turn) this.note(conversationId);
      // If one of them is the reason, the others soon go without it.
      this.stepSize.failed();
      throw error;
    }
  }

  private async findForgotten(): Promise<void> {
    const conversationIds = await this.repository.waiting(MAX_WAITING);
    this.hasForgotten = conversationIds.length === MAX_WAITING;
    for (const id of conversationIds) this.note(id);
  }

  /** Indexes the next messages of some conversations, and says of which there are more. */
  private async index(conversationIds: readonly string[]): Promise<{ remaining: string[]; isIdle: boolean }> {
    return this.repository.step(async (transaction) => {
      // What another process is indexing is waited for by nobody; it comes round again.
      const turns = await this.repository.lock(transaction, conversationIds);
      const messages = await this.repository.next(transaction, turns, STEP_BOUNDS);
      const entries = messages.flatMap(({ id, conversationId, seq, isWithin, content }) =>
        isWithin && content !== null ? [{ id, conversationId, seq, folded: indexedText(foldText(content)) }] : [],
      );
      await this.repository.insert(transaction, entries);
      const reached = reachedBy(turns, messages);
      await this.repository.noteProgress(transaction, reached);
      const held = new Set(turns.map(({ conversationId }) => conversationId));
      return {
        isIdle: messages.length === 0,
        remaining: [
          ...conversationIds.filter((id) => !held.has(id)),
          ...turns
            .filter((turn) => (reached.get(turn.conversationId) ?? 0) < turn.lastSeq)
            .map((turn) => turn.conversationId),
        ],
      };
    });
  }
}

/** How far each conversation is indexed after a step. */
function reachedBy(turns: readonly Turn[], messages: readonly NextMessage[]): Map<string, number> {
  // Where there is nothing left, whatever the numbers say, the conversation is done.
  const reached = new Map(turns.map(({ conversationId, lastSeq }) => [conversationId, lastSeq]));
  const indexed = new Map(turns.map(({ conversationId, indexedSeq }) => [conversationId, indexedSeq]));
  for (const { conversationId, seq, isWithin } of messages) {
    if (isWithin) indexed.set(conversationId, seq);
    reached.set(conversationId, indexed.get(conversationId) ?? 0);
  }
  return reached;
}

function* take<Item>(items: Iterable<Item>, count: number): Generator<Item> {
  let taken = 0;
  for (const item of items) {
    if (taken === count) return;
    taken += 1;
    yield item;
  }
}
