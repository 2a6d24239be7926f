import { type ChatClient, createClient } from '../../src/client.js';
import { indexedDbStorage } from '../../src/storage/indexeddb.js';
import type { MessageItem } from '../../src/store/types.js';

/** The script of a page, as `first-part.browser.spec.ts` uses it. */
let client: ChatClient;
let isReady = false;
/** How many messages were shown, and how many counted as unread, each time that something changed. */
const counts: number[] = [];
const unreadCounts: number[] = [];

const itemAt = (conversationId: string, index: number): MessageItem => {
  const item = client.messages(conversationId).getSnapshot().items.at(index);
  if (item === undefined) throw new Error(`There is no message ${index}.`);
  return item;
};

const page = {
  start(): void {
    client = createClient({ url: location.origin, storage: indexedDbStorage() });
    void client.ready.then(() => (isReady = true));
  },
  isReady: () => isReady,
  login: (username: string): Promise<void> => client.login({ username, password: 'correct horse' }),
  logout: (): Promise<void> => client.logout(),
  close: (): Promise<void> => client.close(),
  status: () => client.connection.getSnapshot().status,
  list: () => client.conversations.items.map(({ me, lastMessage }) => [lastMessage, me.unreadCount]),
  conversationId: () => client.conversations.items[0]?.id ?? '',
  watch(conversationId: string): void {
    const messages = client.messages(conversationId);
    messages.subscribe(() => counts.push(messages.getSnapshot().items.length));
  },
  watchUnread(): void {
    client.conversations.subscribe(() => unreadCounts.push(client.conversations.items[0]?.me.unreadCount ?? -1));
  },
  counts: () => counts,
  unreadCounts: () => unreadCounts,
  sendFile: (conversationId: string): void =>
    void client.send({ conversationId, attachments: [new File(['text'], 'text.txt')] }),
  shown: (conversationId: string) =>
    client
      .messages(conversationId)
      .getSnapshot()
      .items.map(({ content }) => content),
  state: (conversationId: string, index: number) => itemAt(conversationId, index).state,
  reactions: (conversationId: string, index: number) =>
    itemAt(conversationId, index).reactions.map(({ emoji, mine }) => [emoji, mine]),
  firstUnread: (conversationId: string) => client.messages(conversationId).getSnapshot().firstUnreadSeq,
  send: (conversationId: string, content: string): Promise<void> => client.send({ conversationId, content }).stored,
  edit: (conversationId: string, index: number, content: string): Promise<void> =>
    client.edit(itemAt(conversationId, index), content),
  delete: (conversationId: string, index: number): Promise<void> => client.delete(itemAt(conversationId, index)),
  react: (conversationId: string, index: number, emoji: string): Promise<void> =>
    client.react(itemAt(conversationId, index), emoji),
  markRead: (conversationId: string, seq?: number): Promise<void> => client.markRead(conversationId, seq),
  draft: (conversationId: string) => client.draft(conversationId).getSnapshot(),
  setDraft: (conversationId: string, text: string): void => client.draft(conversationId).set(text),
  waiting: () => client.outbox.items.length,
  /** As somebody does who clears what the site has kept. */
  removeStorage: async (): Promise<void> => {
    for (const { name = '' } of await indexedDB.databases())
      if (name.includes(client.userId ?? '-'))
        await new Promise((resolve) => {
          indexedDB.deleteDatabase(name).addEventListener('success', resolve);
        });
  },
  kept: async (): Promise<number> => (await indexedDB.databases()).filter(({ name }) => name?.includes(':')).length,
};

export type FirstPartPage = typeof page;
(globalThis as unknown as { page: FirstPartPage }).page = page;
