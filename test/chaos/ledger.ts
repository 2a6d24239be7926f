import { randomUUID } from 'node:crypto';

/** What became of an act as its client knows it: without an answer it may have happened, may still happen, or never. */
export type Outcome = 'acknowledged' | 'refused' | 'unknown';

/** What one thing may be at the end: as the last acknowledged act left it, or as one without an answer did. */
export class Expectation<Value> {
  private certain: Value;
  private readonly possible: Value[] = [];

  constructor(first: Value) {
    this.certain = first;
  }

  note(value: Value, outcome: Outcome): void {
    if (outcome === 'acknowledged') this.certain = value;
    if (outcome === 'unknown') this.possible.push(value);
  }

  allows(value: Value): boolean {
    return [this.certain, ...this.possible].some((allowed) => allowed === value);
  }

  /** In words. */
  get text(): string {
    return [this.certain, ...this.possible].map((value) => JSON.stringify(value)).join(' or ');
  }
}

/** A message somebody wanted stored. */
export interface SentMessage {
  readonly clientId: string;
  readonly senderId: string;
  readonly conversationId: string;
  readonly text: string;
  readonly attachmentIds: readonly string[];
  outcome: Outcome;
  /** Some attempt had no answer. */
  isUncertain: boolean;
  /** Of the first acknowledgement; every other must say the same. */
  id?: string;
  seq?: number;
  readonly content: Expectation<string>;
  /** For everyone. */
  readonly deleted: Expectation<boolean>;
}

/** Everything the clients did and were answered: what the server promised. */
export class Ledger {
  readonly messages: SentMessage[] = [];
  /** By `message user emoji`. */
  readonly reactions = new Map<string, Expectation<boolean>>();
  /** By `message user`: deleted for oneself. */
  readonly hidden = new Map<string, Expectation<boolean>>();
  /** By `conversation user`: whether it is a member. */
  readonly members = new Map<string, Expectation<boolean>>();
  /** By conversation. */
  readonly titles = new Map<string, Expectation<string>>();
  /** By `user user`, the lower id first. */
  readonly friends = new Map<string, Expectation<boolean>>();
  /** By `conversation user`: the furthest that was acknowledged. */
  readonly read = new Map<string, number>();
  readonly delivered = new Map<string, number>();
  /** By attachment: what was uploaded. */
  readonly uploads = new Map<string, { ownerId: string; bytes: Buffer; used: boolean }>();
  /** What no client should ever see. */
  readonly violations: string[] = [];
  readonly counts: Record<string, Record<Outcome, number>> = {};
  /** Acts on one thing come one after another, so that "the last acknowledged" means something. */
  private readonly turns = new Map<string, Promise<unknown>>();

  /** @param bound how many of a kind are listed at the most. */
  violation(text: string, bound = 10): void {
    const kind = text.split(':')[0] ?? text;
    const alike = this.violations.filter((violation) => violation.startsWith(`${kind}:`)).length;
    if (alike < bound) this.violations.push(text);
  }

  count(act: string, outcome: Outcome): void {
    const counts = (this.counts[act] ??= { acknowledged: 0, refused: 0, unknown: 0 });
    counts[outcome] += 1;
  }

  message(senderId: string, conversationId: string, text: string, attachmentIds: readonly string[]): SentMessage {
    const message: SentMessage = {
      clientId: randomUUID(),
      senderId,
      conversationId,
      text,
      attachmentIds,
      outcome: 'unknown',
      isUncertain: false,
      content: new Expectation(text),
      deleted: new Expectation(false),
    };
    this.messages.push(message);
    return message;
  }

  expectation<Value>(map: Map<string, Expectation<Value>>, key: string, first: Value): Expectation<Value> {
    const known = map.get(key) ?? new Expectation(first);
    map.set(key, known);
    return known;
  }

  /** Runs after everything that was begun on the same thing before. */
  async inTurn<Result>(key: string, act: () => Promise<Result>): Promise<Result> {
    const turn = (this.turns.get(key) ?? Promise.resolve()).then(act, act);
    const settled = turn.catch(() => undefined);
    this.turns.set(key, settled);
    try {
      return await turn;
    } finally {
      if (this.turns.get(key) === settled) this.turns.delete(key);
    }
  }
}
