import { type ChatClient, createClient } from '../../src/client.js';
import { indexedDbTokens } from '../../src/ports/platform.js';
import { indexedDbStorage } from '../../src/storage/indexeddb.js';

/** The script of a page: an app without anything to see, as `client-tabs.browser.spec.ts` uses it. */
let client: ChatClient;

const page = {
  async start(): Promise<void> {
    client = createClient({ url: location.origin, storage: indexedDbStorage() });
    await client.ready;
  },
  register: async (username: string): Promise<void> => {
    await client.register({ username, email: `${username}@example.com`, password: 'a long password' });
  },
  login: (username: string): Promise<void> => client.login({ username, password: 'a long password' }),
  logout: (): Promise<void> => client.logout(),
  /** As somebody does who clears what the site has kept. */
  removeStorage: async (): Promise<void> => {
    for (const { name = '' } of await indexedDB.databases())
      if (name.includes(client.userId ?? '-'))
        await new Promise((resolve) => {
          indexedDB.deleteDatabase(name).addEventListener('success', resolve);
        });
  },
  id: async (): Promise<string> => (await client.http.request<{ id: string }>('/users/me')).body.id,
  status: () => client.connection.getSnapshot().status,
  snapshot: () => JSON.stringify(client.connection.getSnapshot()),
  /** Resolves when it is durable. */
  send: (receiverId: string, content: string): Promise<void> => client.send({ receiverId, content }).stored,
  /** Does not wait for that. */
  sendMany: (receiverId: string, prefix: string, count: number): void => {
    for (let number = 0; number < count; number += 1) client.send({ receiverId, content: `${prefix} ${number}` });
  },
  token: async () => (await indexedDbTokens(indexedDB).load())?.accessToken ?? '',
  waiting: () => client.outbox.items.length,
  conversationId: () => client.conversations.items[0]?.id ?? null,
  watch: (conversationId: string): void => void client.messages(conversationId).open(),
  texts: (conversationId: string) => client.messages(conversationId).items.map(({ content }) => content),
  states: (conversationId: string) => client.messages(conversationId).items.map(({ state }) => state),
  profile: async (): Promise<string> => (await client.http.request<{ username: string }>('/users/me')).body.username,
};

export type ClientPage = typeof page;
(globalThis as unknown as { page: ClientPage }).page = page;
