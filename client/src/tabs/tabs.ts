import type { Observable } from '../connection/types.js';
import type {
  Channel,
  ChannelFactory,
  ChannelMessage,
  Clock,
  Lock,
  Random,
  Timer,
  Unsubscribe,
} from '../ports/environment.js';

/** How long a tab waits for what it asked the leader, through changes of leadership. */
export const ASK_TIMEOUT_MS = 30_000;

export type TabRole =
  /** Owns the socket, the refresh of tokens and the outbox. */
  | 'leader'
  /** Writes durably, asks the leader, and shows what it is told. */
  | 'follower';

/** Does what another tab asks. May be asked the same again after the leader before died half-way: it must be idempotent. */
export type AskHandler = (name: string, payload: unknown) => Promise<unknown>;

/**
 * The tabs of one account in one browser. Exactly one of them leads at any time, for as long as it lives: the lock decides,
 * and lets go by itself when a tab is closed, crashes or is killed. Without tabs this one leads at once.
 */
export interface Tabs extends Observable<TabRole> {
  /** Wants to lead from now on. */
  start(): void;
  /** To all other tabs; never to this one. */
  post(message: ChannelMessage): void;
  onMessage(listener: (message: ChannelMessage) => void): Unsubscribe;
  /** Has the leader do something: this tab, if it leads. Repeated with the next leader where one dies before it answered. */
  ask(name: string, payload: unknown): Promise<unknown>;
  onAsk(handler: AskHandler): void;
  /** Gives up the leadership after `work`, so that the next tab never overlaps with what this one still does. */
  stop(work?: () => Promise<void>): Promise<void>;
}

export interface TabsPorts {
  lock: Lock;
  channel: ChannelFactory;
  clock: Clock;
  random: Random;
}

interface Pending {
  name: string;
  payload: unknown;
  timer: Timer;
  resolve(answer: unknown): void;
  reject(error: Error): void;
}

/** What crosses the channel for an `ask`. An error crosses as its name, message and code. */
type TabMessage =
  | { type: 'tabs:leader' }
  | { type: 'tabs:ask'; id: string; name: string; payload: unknown }
  | { type: 'tabs:answer'; id: string; answer: unknown }
  | { type: 'tabs:failure'; id: string; failure: { message: string; fields: Record<string, unknown> } };

export function createTabs(name: string, ports: TabsPorts): Tabs {
  return new LockedTabs(name, ports);
}

class LockedTabs implements Tabs {
  private role: TabRole = 'follower';
  private readonly channel: Channel;
  private readonly listeners = new Set<() => void>();
  private readonly messageListeners = new Set<(message: ChannelMessage) => void>();
  private readonly pending = new Map<string, Pending>();
  /** What this leader is doing or has done for others, so that a repeated question is not done twice. */
  private readonly asked = new Map<string, Promise<unknown>>();
  private handler: AskHandler | undefined;
  private candidacy: { controller: AbortController; letGo: () => void; ended: Promise<void> } | undefined;

  constructor(
    private readonly name: string,
    private readonly ports: TabsPorts,
  ) {
    this.channel = ports.channel(`${name}:tabs`);
    this.channel.subscribe((message) => this.receive(message));
  }

  getSnapshot(): TabRole {
    return this.role;
  }

  subscribe(listener: () => void): Unsubscribe {
    this.listeners.add(listener);
    return () => void this.listeners.delete(listener);
  }

  start(): void {
    if (this.candidacy !== undefined) return;
    const controller = new AbortController();
    let letGo = (): void => undefined;
    const held = new Promise<void>((resolve) => (letGo = resolve));
    const ended = this.ports.lock
      .run(
        `${this.name}:leader`,
        async () => {
          // Stopped in the very moment in which the lock was granted.
          if (controller.signal.aborted) return;
          this.setRole('leader');
          await held;
        },
        { signal: controller.signal },
      )
      .catch(() => undefined);
    this.candidacy = { controller, letGo, ended };
  }

  async stop(work: () => Promise<void> = () => Promise.resolve()): Promise<void> {
    const { candidacy } = this;
    this.candidacy = undefined;
    candidacy?.controller.abort();
    try {
      await work();
    } finally {
      this.setRole('follower');
      candidacy?.letGo();
      await candidacy?.ended;
      for (const id of this.pending.keys())
        this.settle(id, (pending) => pending.reject(new Error('The client was closed.')));
      this.channel.close();
    }
  }

  post(message: ChannelMessage): void {
    this.channel.post(message);
  }

  onMessage(listener: (message: ChannelMessage) => void): Unsubscribe {
    this.messageListeners.add(listener);
    return () => void this.messageListeners.delete(listener);
  }

  onAsk(handler: AskHandler): void {
    this.handler = handler;
  }

  ask(name: string, payload: unknown): Promise<unknown> {
    if (this.role === 'leader') return this.perform(name, payload);
    const id = this.ports.random.uuid();
    return new Promise((resolve, reject) => {
      const timer = this.ports.clock.setTimeout(
        () => this.settle(id, () => reject(new Error('The tab that leads did not answer.'))),
        ASK_TIMEOUT_MS,
      );
      this.pending.set(id, { name, payload, timer, resolve, reject });
      this.send({ type: 'tabs:ask', id, name, payload });
    });
  }

  private setRole(role: TabRole): void {
    if (this.role === role) return;
    this.role = role;
    for (const listener of this.listeners) listener();
    if (role === 'follower') {
      this.asked.clear();
      return;
    }
    // Whoever waits for an answer of the leader before asks again.
    this.send({ type: 'tabs:leader' });
    for (const [id, { name, payload }] of this.pending)
      this.perform(name, payload).then(
        (answer) => this.settle(id, (pending) => pending.resolve(answer)),
        (error: unknown) => this.settle(id, (pending) => pending.reject(error as Error)),
      );
  }

  private receive(message: ChannelMessage): void {
    const known = message as TabMessage;
    switch (known.type) {
      case 'tabs:leader':
        for (const [id, { name, payload }] of this.pending) this.send({ type: 'tabs:ask', id, name, payload });
        return;
      case 'tabs:ask':
        if (this.role === 'leader') this.answer(known.id, known.name, known.payload);
        return;
      case 'tabs:answer':
        this.settle(known.id, (pending) => pending.resolve(known.answer));
        return;
      case 'tabs:failure':
        this.settle(known.id, (pending) =>
          pending.reject(Object.assign(new Error(known.failure.message), known.failure.fields)),
        );
        return;
      default:
        for (const listener of this.messageListeners) listener(message);
    }
  }

  private answer(id: string, name: string, payload: unknown): void {
    let work = this.asked.get(id);
    if (work === undefined) {
      work = this.perform(name, payload);
      this.asked.set(id, work);
      // A repetition comes within the time that its tab waits.
      this.ports.clock.setTimeout(() => this.asked.delete(id), ASK_TIMEOUT_MS);
    }
    work.then(
      (answer) => this.send({ type: 'tabs:answer', id, answer }),
      (error: unknown) => {
        const fields = typeof error === 'object' && error !== null ? (JSON.parse(JSON.stringify(error)) as object) : {};
        const failure = { message: error instanceof Error ? error.message : String(error), fields: { ...fields } };
        this.send({ type: 'tabs:failure', id, failure });
      },
    );
  }

  private perform(name: string, payload: unknown): Promise<unknown> {
    const { handler } = this;
    return handler === undefined ? Promise.reject(new Error(`Nobody answers ${name}.`)) : handler(name, payload);
  }

  private settle(id: string, how: (pending: Pending) => void): void {
    const pending = this.pending.get(id);
    if (pending === undefined) return;
    this.pending.delete(id);
    this.ports.clock.clearTimeout(pending.timer);
    how(pending);
  }

  private send(message: TabMessage): void {
    this.channel.post(message);
  }
}
