import { randomUUID } from 'node:crypto';
import type { Channel, ChannelFactory, ChannelMessage } from '../../src/ports/environment.js';
import { WebSocket } from 'ws';
import { memoryTokens } from '../../src/ports/platform.js';
import { socketIoOver } from '../../src/ports/socket-io.js';
import { type ChatClient, type ClientOptions, createClient } from '../../src/index.js';
import { memoryStorage } from '../../src/storage/memory.js';

const WAIT_TIMEOUT_MS = 60_000;

/** Node 20 has none of its own. A server that was killed never answers a close: ws would wait half a minute for it. */
class PlatformWebSocket extends WebSocket {
  override close(code?: number, reason?: string): void {
    super.close(code, reason);
    setTimeout(() => this.terminate(), 1_000).unref();
  }
}

/** What clients use where the platform has a WebSocket. */
export const BROWSER_SOCKET = socketIoOver(PlatformWebSocket as unknown as new (url: string) => globalThis.WebSocket);

export async function until(what: string, isSo: () => boolean): Promise<void> {
  const end = Date.now() + WAIT_TIMEOUT_MS;
  while (!isSo()) {
    if (Date.now() > end) throw new Error(`not within ${WAIT_TIMEOUT_MS} ms: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

export const live = (client: ChatClient): Promise<void> =>
  until('live', () => client.connection.getSnapshot().status === 'live');

export const textsOf = (client: ChatClient, conversationId: string): (string | null)[] =>
  client.messages(conversationId).items.map(({ content }) => content);

export async function firstConversationOf(client: ChatClient): Promise<string> {
  await until('a conversation', () => client.conversations.items.length > 0);
  return client.conversations.items[0]?.id as string;
}

/** Clients of one server; `close` closes what a test has made. */
export class Clients {
  private readonly made: ChatClient[] = [];

  constructor(private readonly url: string) {}

  make(options: Partial<ClientOptions> = {}): ChatClient {
    const defaults = { url: this.url, storage: memoryStorage(), tokens: memoryTokens(), socket: BROWSER_SOCKET };
    const client = createClient({ ...defaults, ...options });
    this.made.push(client);
    return client;
  }

  async registered(options: Partial<ClientOptions> = {}): Promise<ChatClient> {
    const client = this.make(options);
    const username = `user${randomUUID().slice(0, 8)}`;
    await client.register({ username, email: `${username}@example.com`, password: 'a long password' });
    await live(client);
    return client;
  }

  async close(): Promise<void> {
    await Promise.all(this.made.splice(0).map((client) => client.close()));
  }
}

/** What BroadcastChannel does, for the tabs of one process: copies, to all others, in a later tick. */
export function sharedChannels(): ChannelFactory {
  const channels = new Map<string, Set<(message: ChannelMessage) => void>>();
  return (name): Channel => {
    const all = channels.get(name) ?? new Set();
    channels.set(name, all);
    const own = new Set<(message: ChannelMessage) => void>();
    const receive = (message: ChannelMessage): void => {
      for (const listener of [...own]) listener(message);
    };
    all.add(receive);
    return {
      post: (message) => {
        const copy = JSON.stringify(message);
        for (const other of all)
          if (other !== receive) setImmediate(() => all.has(other) && other(JSON.parse(copy) as ChannelMessage));
      },
      subscribe: (listener) => {
        own.add(listener);
        return () => void own.delete(listener);
      },
      close: () => void all.delete(receive),
    };
  };
}
