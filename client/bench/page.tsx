import { type ReactNode, startTransition, useEffect, useState } from 'react';
import { createRoot } from 'react-dom/client';
import { createClient, type ChatClient } from '../src/client.js';
import { ChatProvider, useConversations, useMessages, useSend } from '../src/react/index.js';
import { indexedDbStorage } from '../src/storage/indexeddb.js';
import {
  answer,
  answerAfterwards,
  connectedSocket,
  conversationId,
  CONVERSATIONS,
  deadSocket,
  lastMissed,
  ME,
  MESSAGES_EACH,
  MISSED,
  socketAfterwards,
} from './server.js';

/** Rows of a list that a phone shows at once. */
const SCREENFUL = 20;

/** An app as small as one can be, on what the package gives; `run.ts` plays it. */
const url = 'https://chat.example';
const session = { url, userId: ME.id, accessToken: 'token', refreshToken: 'refresh' };

const NETWORKS = {
  none: { socket: deadSocket, fetch: () => new Promise<never>(() => undefined) },
  first: { socket: connectedSocket, fetch: answer },
  later: { socket: socketAfterwards, fetch: answerAfterwards },
};

function start(network: keyof typeof NETWORKS): ChatClient {
  return createClient({
    url,
    storage: indexedDbStorage(),
    tokens: { load: async () => session, save: async () => undefined, clear: async () => undefined },
    ...NETWORKS[network],
  });
}

function App({ shown }: { shown?: string }): ReactNode {
  const conversations = useConversations();
  const [open, setOpen] = useState(shown);
  const [rows, setRows] = useState(SCREENFUL);
  const isEmpty = conversations.length === 0;
  // What is below the screen is rendered after what is on it.
  useEffect(() => {
    if (!isEmpty) startTransition(() => setRows(Infinity));
  }, [isEmpty]);
  return (
    <>
      <ul id="list">
        {conversations.slice(0, rows).map(({ id, members, lastMessage, me }) => (
          <li key={id} id={id} onClick={() => setOpen(id)}>
            {members.find(({ user }) => user.id !== ME.id)?.user.displayName} {lastMessage} {me.unreadCount}
          </li>
        ))}
      </ul>
      {open === undefined ? null : <Thread key={open} id={open} />}
    </>
  );
}

function Thread({ id }: { id: string }): ReactNode {
  const { items } = useMessages(id);
  const send = useSend(id);
  return (
    <section id={`thread of ${id}`}>
      <button id="send" type="button" onClick={() => send('typed')} />
      <div id="thread">
        {items.map(({ clientId, seq, content, state }) => (
          <p key={clientId ?? seq} className={state}>
            {content}
          </p>
        ))}
      </div>
    </section>
  );
}

/** Milliseconds until the document shows it, looked at after each change of it. */
function until(isThere: () => boolean, begin: () => void): Promise<number> {
  return new Promise((resolve, reject) => {
    const startedAt = performance.now();
    const timer = setTimeout(() => reject(new Error(`never, of ${document.body.innerText.slice(0, 200)}`)), 60_000);
    const look = (): void => {
      if (!isThere()) return;
      observer.disconnect();
      clearTimeout(timer);
      resolve(performance.now() - startedAt);
    };
    const observer = new MutationObserver(look);
    observer.observe(document.body, { childList: true, subtree: true, characterData: true, attributes: true });
    begin();
    look();
  });
}
const count = (selector: string): number => document.querySelectorAll(selector).length;

const page = {
  /** Fills the cache, as an app does that was used for a while. */
  async fill(): Promise<number> {
    const client = start('first');
    await client.ready;
    let messages = 0;
    for (let number = 0; number < CONVERSATIONS; number += 1) {
      const opened = client.messages(conversationId(number));
      const close = opened.open();
      await new Promise<void>((resolve) => {
        const look = (): void => {
          if (opened.getSnapshot().items.length < MESSAGES_EACH) return;
          end();
          resolve();
        };
        const end = opened.subscribe(look);
        look();
      });
      messages += opened.getSnapshot().items.length;
      close();
    }
    await client.close();
    return messages;
  },
  /** From the first line of the app's code to a screenful of the list on the page. */
  showList: () =>
    until(
      () => count('#list > li') >= SCREENFUL,
      () => {
        const root = document.getElementById('root') as HTMLElement;
        createRoot(root).render(
          <ChatProvider client={start('none')}>
            <App />
          </ChatProvider>,
        );
      },
    ),
  /** From the first line of the app's code until everything that was missed is stored, in the list and in an open conversation. */
  catchUp() {
    const client = start('later');
    const number = MISSED.conversations - 1;
    return until(
      () =>
        client.connection.getSnapshot().status === 'live' &&
        document.getElementById('thread')?.lastElementChild?.textContent === lastMissed(number) &&
        Array.from({ length: MISSED.conversations }, (_, each) => each).every((each) =>
          document.getElementById(conversationId(each))?.textContent?.includes(lastMissed(each)),
        ),
      () => {
        const root = document.getElementById('root') as HTMLElement;
        createRoot(root).render(
          <ChatProvider client={client}>
            <App shown={conversationId(number)} />
          </ChatProvider>,
        );
        client.connection.subscribe(() => document.body.toggleAttribute('data-live'));
      },
    );
  },
  /** From there on to all of it. */
  showAllOfList: () =>
    until(
      () => count('#list > li') === CONVERSATIONS,
      () => undefined,
    ),
  openConversation: (number: number) =>
    until(
      () => count(`[id="thread of ${conversationId(number)}"] p`) >= MESSAGES_EACH,
      () => document.getElementById(conversationId(number))?.click(),
    ),
  /** From the tap to the bubble. */
  send() {
    const before = count('#thread > p.pending');
    return until(
      () => count('#thread > p.pending') === before + 1,
      () => document.getElementById('send')?.click(),
    );
  },
};

export type BenchPage = typeof page;
(globalThis as unknown as { page: BenchPage }).page = page;
