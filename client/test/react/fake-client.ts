import type { Observable } from '../../src/connection/types.js';
import type { ConnectionSnapshot } from '../../src/connection/types.js';
import type { OutboxItem } from '../../src/outbox/types.js';
import type { Attachment } from '../../src/protocol/protocol.generated.js';
import type { OutgoingMessage } from '../../src/facade/outgoing.js';
import type { HookClient, HookMessages, Uploadable } from '../../src/react/client.js';
import type { MessagesSnapshot, SnapshotOf, StoreKey } from '../../src/store/types.js';

/** A value that a test sets, and counts who listens. */
export class Value<Snapshot> implements Observable<Snapshot> {
  private readonly listeners = new Set<() => void>();

  constructor(private snapshot: Snapshot) {}

  get listenerCount(): number {
    return this.listeners.size;
  }

  getSnapshot(): Snapshot {
    return this.snapshot;
  }

  subscribe(listener: () => void): () => void {
    const own = (): void => listener();
    this.listeners.add(own);
    return () => void this.listeners.delete(own);
  }

  set(snapshot: Snapshot): void {
    this.snapshot = snapshot;
    for (const listener of [...this.listeners]) listener();
  }
}

export const noMessages: MessagesSnapshot = {
  items: [],
  hasOlder: false,
  hasNewer: false,
  firstUnreadSeq: null,
  isLoading: false,
};

/** A client without a server: what the hooks are shown is what the test has set. */
export class FakeClient implements HookClient {
  readonly connection = new Value<ConnectionSnapshot>({ status: 'offline' });
  readonly outbox = new Value<readonly OutboxItem[]>([]);
  readonly sent: OutgoingMessage[] = [];
  readonly typed: [string, boolean][] = [];
  readonly drafts: [string, string][] = [];
  readonly loads: string[] = [];
  readonly opens = new Map<string, number>();
  private readonly values = new Map<string, Value<unknown>>();

  value<Key extends StoreKey>(key: Key): Value<SnapshotOf<Key>> {
    let value = this.values.get(key);
    if (value === undefined) {
      const isList = ['conversations', 'friends', 'friendRequests'].includes(key) || /^(receipts|typing):/.test(key);
      value = new Value<unknown>(
        key.startsWith('messages:') ? noMessages : key.startsWith('draft:') ? '' : isList ? [] : undefined,
      );
      this.values.set(key, value);
    }
    return value as unknown as Value<SnapshotOf<Key>>;
  }

  /** A new object at each call, as a careless client might give. */
  observe<Key extends StoreKey>(key: Key): Observable<SnapshotOf<Key>> {
    const value = this.value(key);
    return { getSnapshot: () => value.getSnapshot(), subscribe: (listener) => value.subscribe(listener) };
  }

  messages(conversationId: string): HookMessages {
    const load = (what: string) => () => {
      this.loads.push(`${what} of ${conversationId}`);
      return Promise.resolve();
    };
    return {
      ...this.observe(`messages:${conversationId}`),
      open: () => {
        this.opens.set(conversationId, (this.opens.get(conversationId) ?? 0) + 1);
        let isOpen = true;
        return () => {
          if (isOpen) this.opens.set(conversationId, (this.opens.get(conversationId) ?? 0) - 1);
          isOpen = false;
        };
      },
      loadOlder: load('older'),
      loadNewer: load('newer'),
      jumpTo: (seq) => load(`around ${seq}`)(),
      jumpToNewest: load('newest'),
    };
  }

  send(message: OutgoingMessage): { clientId: string } {
    this.sent.push(message);
    return { clientId: `client ${this.sent.length}` };
  }

  keepDraft(conversationId: string, text: string): void {
    this.drafts.push([conversationId, text]);
  }

  typing(conversationId: string, isTyping: boolean): void {
    this.typed.push([conversationId, isTyping]);
  }

  readonly uploads: {
    file: Uploadable;
    signal: AbortSignal | undefined;
    resolve(attachment: Attachment): void;
    reject(error: Error): void;
  }[] = [];

  upload(file: Uploadable, { signal }: { signal?: AbortSignal } = {}): Promise<Attachment> {
    return new Promise((resolve, reject) => {
      this.uploads.push({ file, signal, resolve, reject });
      signal?.addEventListener('abort', () => reject(new Error('aborted')));
    });
  }

  listeners(): number {
    return [this.connection, this.outbox, ...this.values.values()].reduce((sum, value) => sum + value.listenerCount, 0);
  }
}
