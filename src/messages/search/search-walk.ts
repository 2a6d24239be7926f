import { foldText } from '../../common/text/fold-text.js';
import { hasTerms } from './search-text.js';

/** Conversations that one step reads from at once. */
const MAX_STEP_CONVERSATIONS = 16;

/** Where a message is in the order of all search results: by its time, then by its conversation and number. */
export interface SearchKey {
  readonly createdAt: string;
  readonly conversationId: string;
  readonly seq: number;
}

export interface FoundMessage extends SearchKey {
  readonly id: string;
}

/** What is left to read of a conversation: from `before` (exclusive) down to `floor`, none of it newer than `createdAt`. */
export interface Stretch {
  readonly conversationId: string;
  readonly createdAt: string;
  readonly before: number;
  readonly floor: number;
}

export interface Walked {
  /** Matches, newest first; complete down to `reached`. */
  readonly found: FoundMessage[];
  /** Everything from here on (inclusive) is not read yet; undefined where nothing is left. */
  readonly reached: SearchKey | undefined;
}

/** Negative where `one` is the newer: a search answers the newest first. */
export function byNewest(one: SearchKey, other: SearchKey): number {
  if (one.createdAt !== other.createdAt) return one.createdAt > other.createdAt ? -1 : 1;
  if (one.conversationId !== other.conversationId) return one.conversationId > other.conversationId ? -1 : 1;
  return other.seq - one.seq;
}

/**
 * Reads messages from the newest on, of several conversations as if they were one, until enough match or enough was
 * read. For what an index does not narrow down, and for what no index has yet.
 *
 * Times rise with the numbers within a conversation, so a match is certain to be the next one as soon as no stretch can
 * have a newer message.
 * @param read the newest messages of each stretch, as many as one step has room for
 * @param count matches that are enough
 * @param budget bytes of text, and messages, that are read at the most
 */
export async function walk(
  read: (stretches: readonly Stretch[]) => Promise<StepRow[]>,
  stretches: readonly Stretch[],
  terms: readonly string[],
  count: number,
  budget: { messages: number; bytes: number },
): Promise<Walked> {
  let left = stretches.filter(({ before, floor }) => before > floor);
  let { messages, bytes } = budget;
  const matches: FoundMessage[] = [];
  for (;;) {
    left.sort((one, other) => byNewest(nextOf(one), nextOf(other)));
    const [newest] = left;
    const reached = newest === undefined ? undefined : nextOf(newest);
    matches.sort(byNewest);
    const certain =
      reached === undefined ? matches.length : matches.findIndex((match) => byNewest(match, reached) >= 0);
    const isEnough = (certain === -1 ? matches.length : certain) >= count;
    if (reached === undefined || isEnough || messages <= 0 || bytes <= 0) {
      return { found: certain === -1 ? matches : matches.slice(0, certain), reached };
    }
    const next = left.slice(0, MAX_STEP_CONVERSATIONS);
    const rows = await read(next);
    const walkedTo = new Map(rows.map((row) => [row.conversationId, row]));
    left = left.flatMap((stretch, index) => {
      if (index >= next.length) return [stretch];
      const row = walkedTo.get(stretch.conversationId);
      // A conversation without a row has nothing more to read.
      if (row === undefined) return [];
      if (row.reachedSeq === null || row.reachedAt === null) return [stretch];
      const rest = { ...stretch, before: row.reachedSeq, createdAt: row.reachedAt.toISOString() };
      return rest.before > rest.floor ? [rest] : [];
    });
    for (const row of rows) {
      messages -= row.messages;
      bytes -= row.bytes;
      matches.push(...matchesOf(row, terms));
    }
  }
}

function nextOf({ createdAt, conversationId, before }: Stretch): SearchKey {
  return { createdAt, conversationId, seq: before - 1 };
}

/** What one step read of a conversation. */
export interface StepRow {
  conversationId: string;
  /** Null where the step had no room for a single message of it. */
  reachedSeq: number | null;
  reachedAt: Date | null;
  messages: number;
  bytes: number;
  /** Matches, and with their content those that are to be compared: what the index does not have or is not sure of. */
  found: { id: string; seq: number; at: number; content: string | null }[] | null;
}

function matchesOf({ conversationId, found }: StepRow, terms: readonly string[]): FoundMessage[] {
  return (found ?? [])
    .filter(({ content }) => content === null || hasTerms(foldText(content), terms))
    .map(({ id, seq, at }) => ({ id, seq, conversationId, createdAt: new Date(at).toISOString() }));
}
