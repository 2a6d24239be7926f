import type { Channel, ChannelMessage, Timer, Unsubscribe } from '../ports/environment.js';
import { type AskHandler, type TabRole, type Tabs, type TabsPorts, tabsChannelOf } from './types.js';

/** How long a tab waits for what it asked the leader, through changes of leadership. */
export const ASK_TIMEOUT_MS = 30_000;
/** How often a tab that follows wants a word of its leader, and how often in vain before it takes over: in less than 2 s. */
const PING_INTERVAL_MS = 400;
const MAX_MISSES = 3;
/** By then one from which the lead was taken has learned of it. */
const RIVAL_MS = 1_000;

interface Pending {
  name: string;
  payload: unknown;
  timer: Timer;
  resolve(answer: unknown): void;
  reject(error: Error): void;
}

/** What crosses the channel for an `ask`. An error crosses as its name, message and code. */
type TabMessage =
  /** A new leader: whoever waits for an answer asks it again. */
  | { type: 'tabs:leader'; id: string }
  /** A tab wants a connection, or no more than a sign of its leader where it is suspended. */
  | { type: 'tabs:ping'; isSuspended?: boolean }
  /** The leader is there. */
  | { type: 'tabs:pong'; id: string }
  | { type: 'tabs:ask'; id: string; name: string; payload: unknown }
  | { type: 'tabs:answer'; id: string; answer: unknown }
  | { type: 'tabs:failure'; id: string; failure: { message: string; fields: Record<string, unknown> } };

interface Candidacy {
  controller: AbortController;
  letGo: () => void;
  ended: Promise<void>;
}

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
  /** Each forgets one of them. A program must be able to end while there are some. */
  private readonly forgetting = new Set<Timer>();
  private handler: AskHandler | undefined;
  /** Asked before this tab knows how to answer. */
  private unhandled: (() => void)[] = [];
  private candidacy: Candidacy | undefined;
  private isStarted = false;
  private hasOthers = false;
  private misses = 0;
  private readonly id: string;
  private leaderId: string | undefined;
  /** Another tab that leads as well, as far as this one knows, which does; and until when that may pass by itself. */
  private rival: { id: string; timer: Timer; isConfirmed: boolean } | undefined;
  /** It gave the lead away while the app wanted no connection, and is a candidate again when it wants one. */
  private isAway = false;
  private pingTimer: Timer | undefined;

  constructor(
    private readonly name: string,
    private readonly ports: TabsPorts,
  ) {
    this.id = ports.random.uuid();
    this.channel = ports.channel(tabsChannelOf(name));
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
    if (this.isStarted) return;
    this.isStarted = true;
    this.pingLater();
    this.beCandidate({});
  }

  yield(): void {
    if (this.role !== 'leader' || !this.hasOthers) return;
    this.withdraw();
    this.setRole('follower');
    this.beCandidate({});
  }

  retire(): void {
    this.isStarted = false;
    this.ports.clock.clearTimeout(this.pingTimer);
    this.withdraw();
    this.setRole('follower');
  }

  async stop(work: () => Promise<void> = () => Promise.resolve()): Promise<void> {
    const { candidacy } = this;
    this.candidacy = undefined;
    this.isStarted = false;
    this.ports.clock.clearTimeout(this.pingTimer);
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

  private beCandidate({ steal = false }): void {
    this.isAway = false;
    const controller = new AbortController();
    let letGo = (): void => undefined;
    const held = new Promise<void>((resolve) => (letGo = resolve));
    const candidacy: Candidacy = { controller, letGo, ended: Promise.resolve() };
    this.candidacy = candidacy;
    candidacy.ended = this.ports.lock
      .run(
        `${this.name}:leader`,
        async () => {
          // Stopped in the very moment in which the lock was granted.
          if (this.candidacy !== candidacy) return;
          this.setRole('leader');
          await held;
        },
        steal ? { steal } : { signal: controller.signal },
      )
      .catch(() => {
        // Another tab has taken over, which this one did not answer; or this browser's locks cannot be taken over.
        if (this.candidacy !== candidacy || (this.role === 'follower' && !steal)) return;
        this.setRole('follower');
        this.beCandidate({});
      });
  }

  private withdraw(): void {
    const { candidacy } = this;
    this.candidacy = undefined;
    candidacy?.controller.abort();
    candidacy?.letGo();
  }

  /** Spread, so that not all tabs ask, and take over, at once. */
  private pingLater(): void {
    const { clock, random } = this.ports;
    clock.clearTimeout(this.pingTimer);
    if (this.role === 'leader' || !this.isStarted) return;
    this.pingTimer = clock.setTimeout(() => this.ping(), PING_INTERVAL_MS * (1 + random.number() / 8));
  }

  private ping(): void {
    const isSuspended = this.ports.isSuspended();
    if (this.isAway && !isSuspended) this.beCandidate({});
    else if (isSuspended || this.misses < MAX_MISSES) {
      this.send({ type: 'tabs:ping', isSuspended });
      // Once; its next answer counts as that of another one.
      if (this.misses === MAX_MISSES) this.setLeader(undefined);
    } else {
      this.misses = 0;
      this.withdraw();
      this.beCandidate({ steal: true });
    }
    // Counted by this tab's own turns: one that was itself held up receives first what has come meanwhile.
    this.misses += 1;
    this.pingLater();
  }

  post(message: ChannelMessage): void {
    this.channel.post({ ...message, by: this.id });
  }

  isOfLeader({ by }: ChannelMessage): boolean {
    return this.leaderId === undefined || by === this.leaderId;
  }

  onMessage(listener: (message: ChannelMessage) => void): Unsubscribe {
    this.messageListeners.add(listener);
    return () => void this.messageListeners.delete(listener);
  }

  onAsk(handler: AskHandler): void {
    this.handler = handler;
    for (const go of this.unhandled.splice(0)) go();
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
    this.misses = 0;
    this.leaderId = undefined;
    this.forgetRival();
    this.pingLater();
    if (role === 'follower') {
      this.asked.clear();
      for (const timer of this.forgetting) this.ports.clock.clearTimeout(timer);
      this.forgetting.clear();
      this.handler = undefined;
      return;
    }
    this.send({ type: 'tabs:leader', id: this.id });
    for (const [id, { name, payload }] of this.pending)
      this.perform(name, payload).then(
        (answer) => this.settle(id, (pending) => pending.resolve(answer)),
        (error: unknown) => this.settle(id, (pending) => pending.reject(error as Error)),
      );
  }

  private receive(message: ChannelMessage): void {
    const known = message as TabMessage;
    switch (known.type) {
      case 'tabs:ping':
        this.hasOthers = true;
        if (this.role !== 'leader') return;
        // A tab that asks wants a connection. Without others that wait for the lock this one would be given it back at once.
        if (this.ports.isSuspended() && known.isSuspended !== true) {
          this.withdraw();
          this.setRole('follower');
          this.isAway = true;
        } else this.send({ type: 'tabs:pong', id: this.id });
        return;
      case 'tabs:pong':
      case 'tabs:leader':
        return this.noteLeader(known.id);
      case 'tabs:ask':
        this.hasOthers = true;
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

  /**
   * Where the user has cleared the site's data, the locks of tabs that are opened from then on are others than those of the tabs
   * before: two may lead, each of which receives what the other posts. One of them follows, and wants the lead no more while the other answers.
   */
  private noteRival(id: string): void {
    const { clock } = this.ports;
    const { rival } = this;
    // Another one in place of one that is asked, and does not answer, counts.
    if (rival === undefined || (rival.isConfirmed && rival.id !== id)) {
      this.forgetRival();
      const confirm = (): void => {
        this.rival = { id, timer: clock.setTimeout(() => this.forgetRival(), RIVAL_MS), isConfirmed: true };
        this.send({ type: 'tabs:ping' });
      };
      this.rival = { id, timer: clock.setTimeout(confirm, RIVAL_MS), isConfirmed: false };
    } else if (rival.isConfirmed) {
      this.forgetRival();
      // The other one learns of this one, if it does not know yet.
      if (this.id > id) return this.send({ type: 'tabs:pong', id: this.id });
      this.withdraw();
      this.setRole('follower');
    }
  }

  private forgetRival(): void {
    this.ports.clock.clearTimeout(this.rival?.timer);
    this.rival = undefined;
  }

  private noteLeader(leaderId: string): void {
    if (this.role === 'leader') return this.noteRival(leaderId);
    this.misses = 0;
    if (this.leaderId === leaderId) return;
    this.setLeader(leaderId);
  }

  /** Another tab leads from now on, or none. */
  private setLeader(leaderId: string | undefined): void {
    this.leaderId = leaderId;
    const type = leaderId === undefined ? 'no-leader' : 'leader';
    if (type === 'leader')
      for (const [id, { name, payload }] of this.pending) this.send({ type: 'tabs:ask', id, name, payload });
    for (const listener of this.messageListeners) listener({ type });
  }

  private answer(id: string, name: string, payload: unknown): void {
    let work = this.asked.get(id);
    if (work === undefined) {
      work = this.perform(name, payload);
      this.asked.set(id, work);
      // A repetition comes within the time that its tab waits.
      const timer = this.ports.clock.setTimeout(() => {
        this.asked.delete(id);
        this.forgetting.delete(timer);
      }, ASK_TIMEOUT_MS);
      this.forgetting.add(timer);
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
    if (handler !== undefined) return handler(name, payload);
    return new Promise((resolve) => this.unhandled.push(() => resolve(this.perform(name, payload))));
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
