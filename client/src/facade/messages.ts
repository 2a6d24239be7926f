import type { CurrentAccount } from '../account.js';
import type { Observable } from '../connection/types.js';
import { recipientOf } from '../outbox/recipient.js';
import type { Clock, Timer, Unsubscribe } from '../ports/environment.js';
import { handled } from '../protocol/handled.js';
import type { MessagesSnapshot } from '../store/types.js';
import type { Synchroniser } from '../sync/engine.js';
import type { Window } from '../sync/state.js';
import type { ShownSync } from '../sync/types.js';

/** For how long a conversation stays open that is read without a subscription. */
const LINGER_MS = 30_000;

/**
 * The window of one conversation's messages around what is on screen. It is kept up to date while it is subscribed to or
 * opened, and for half a minute after it was read.
 */
export interface Messages extends Observable<MessagesSnapshot>, MessagesSnapshot {
  /** It is on screen from now on: its newest messages are fetched first. Returns what ends that. */
  open(): () => void;
  readonly loadOlder: () => Promise<void>;
  readonly loadNewer: () => Promise<void>;
  readonly jumpTo: (seq: number) => Promise<void>;
  readonly jumpToNewest: () => Promise<void>;
}

interface Opened {
  count: number;
  end: Unsubscribe;
}

/** The windows of messages that are looked at, through every change of the engine. */
export class ConversationWindows {
  readonly #messages = new Map<string, Messages>();
  readonly #opened = new Map<string, Opened>();
  readonly #lingering = new Map<string, { close: Unsubscribe; timer: Timer }>();

  constructor(
    private readonly account: CurrentAccount,
    private readonly clock: Clock,
  ) {
    let { sync } = account.shown;
    account.subscribe(() => {
      const before = sync;
      sync = account.shown.sync;
      if (sync === before) return;
      for (const [conversationId, opened] of this.#opened) {
        // It stays where it is, and what was unread when it was opened stays so while it is on screen.
        const window = before.state.windows.get(idIn(before, conversationId) ?? '');
        opened.end = this.#begin(conversationId, window);
      }
    });
  }

  of(conversationId: string): Messages {
    let messages = this.#messages.get(conversationId);
    if (messages === undefined) this.#messages.set(conversationId, (messages = this.#make(conversationId)));
    return messages;
  }

  close(): void {
    for (const { timer, close } of this.#lingering.values()) {
      this.clock.clearTimeout(timer);
      close();
    }
    this.#lingering.clear();
  }

  #make(conversationId: string): Messages {
    const { getSnapshot, subscribe } = this.account.observe(`messages:${conversationId}`);
    const open = (): Unsubscribe => this.#open(conversationId);
    /** Without a window there is nothing to move: then it is opened, as by reading it. */
    const move = async (work: (sync: Synchroniser, conversationId: string) => Promise<void>): Promise<void> => {
      if (!this.#opened.has(conversationId)) this.#linger(conversationId, open);
      if (this.account.engine === undefined) await this.account.settled;
      const sync = this.account.engine?.sync;
      const known = sync && idIn(sync, conversationId);
      if (sync !== undefined && known !== undefined) await work(sync, known);
    };
    const read = (): MessagesSnapshot => {
      this.#linger(conversationId, open);
      return getSnapshot();
    };
    return {
      getSnapshot,
      subscribe: (listener) => {
        const end = subscribe(listener);
        // A window that is opened by this shows what is unread: whoever has read the messages before learns of it.
        const close = open();
        return () => {
          end();
          close();
        };
      },
      open,
      loadOlder: () => move((sync, id) => sync.load(id, 'older')),
      loadNewer: () => move((sync, id) => sync.load(id, 'newer')),
      jumpTo: (seq) => handled(move((sync, id) => sync.jumpTo(id, seq))),
      jumpToNewest: () => move((sync, id) => sync.jumpToNewest(id)),
      get items() {
        return read().items;
      },
      get hasOlder() {
        return read().hasOlder;
      },
      get hasNewer() {
        return read().hasNewer;
      },
      get firstUnreadSeq() {
        return read().firstUnreadSeq;
      },
      get isLoading() {
        return read().isLoading;
      },
    };
  }

  /** A reader of a conversation who does not subscribe to it looks at it as well. */
  #linger(conversationId: string, open: () => Unsubscribe): void {
    if (this.account.isClosed) return;
    const held = this.#lingering.get(conversationId);
    this.clock.clearTimeout(held?.timer);
    const close = held?.close ?? open();
    const end = (): void => {
      this.#lingering.delete(conversationId);
      close();
    };
    this.#lingering.set(conversationId, { close, timer: this.clock.setTimeout(end, LINGER_MS) });
  }

  #begin(conversationId: string, before?: Window): Unsubscribe {
    const { sync } = this.account.shown;
    let close: Unsubscribe | undefined;
    // A direct one is opened when there is one.
    const look = (): void => {
      const known = idIn(sync, conversationId);
      if (known !== undefined) close ??= sync.open(known, before);
    };
    look();
    const end = close === undefined ? sync.subscribe(look) : undefined;
    return () => {
      end?.();
      close?.();
    };
  }

  #open(conversationId: string): Unsubscribe {
    const opened = this.#opened.get(conversationId) ?? { count: 0, end: this.#begin(conversationId) };
    this.#opened.set(conversationId, opened);
    opened.count += 1;
    let isOpen = true;
    return () => {
      if (!isOpen) return;
      isOpen = false;
      opened.count -= 1;
      // Not where it is opened again in this tick, as by React, which ends one effect or subscription and begins the next.
      queueMicrotask(() => {
        if (opened.count !== 0) return;
        // Once.
        opened.count = -1;
        this.#opened.delete(conversationId);
        opened.end();
      });
    };
  }
}

/** Undefined where there is no direct conversation yet. */
function idIn(sync: ShownSync, conversationId: string): string | undefined {
  const userId = recipientOf(conversationId);
  return userId === undefined ? conversationId : sync.directConversationWith(userId);
}
