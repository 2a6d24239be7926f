import { Component, type ReactNode, StrictMode, useEffect } from 'react';
import { createRoot } from 'react-dom/client';
import type { OutboxItem } from '../../src/outbox/types.js';
import type { Attachment, Conversation } from '../../src/protocol/protocol.generated.js';
import {
  ChatProvider,
  useConnection,
  useConversation,
  useConversations,
  useMe,
  useMessages,
  useOutbox,
  usePresence,
  useSend,
  useDraft,
  useTyping,
  useUnread,
  useUpload,
} from '../../src/react/index.js';
import type { MessageItem } from '../../src/store/types.js';
import { FakeClient, noMessages } from './fake-client.js';

/** The script of a page, with one of the libraries: scenes that `hooks.browser.spec.ts` has played one by one. */

/** How often each component was rendered since the last look. */
const renders = new Map<string, number>();
const counted = (name: string): void => void renders.set(name, (renders.get(name) ?? 0) + 1);

const conversation = (id: string, unreadCount: number): Conversation =>
  ({ id, title: `Title of ${id}`, me: { unreadCount } }) as unknown as Conversation;
const message = (seq: number): MessageItem =>
  ({ seq, content: `message ${seq}`, clientId: null }) as unknown as MessageItem;
const outboxItem = (clientId: string, lane: string): OutboxItem => ({ clientId, lane }) as OutboxItem;

function Status(): ReactNode {
  counted('Status');
  return <p id="status">{useConnection().status}</p>;
}
function List(): ReactNode {
  counted('List');
  return (
    <ul id="list">
      {useConversations().map(({ id }) => (
        <Row key={id} id={id} />
      ))}
    </ul>
  );
}
function Row({ id }: { id: string }): ReactNode {
  counted(`Row ${id}`);
  return <li id={id}>{useConversation(id)?.me.unreadCount}</li>;
}
function Thread({ id }: { id: string }): ReactNode {
  counted(`Thread ${id}`);
  const { items, loadOlder } = useMessages(id);
  const send = useSend(id);
  return (
    <section id="thread">
      <button id="older" type="button" onClick={() => void loadOlder()} />
      <button id="send" type="button" onClick={() => send('typed', { replyToId: 'other' })} />
      {items.map(({ seq, content }) => (
        <p key={seq}>{content}</p>
      ))}
    </section>
  );
}
function Pending({ id }: { id?: string }): ReactNode {
  counted(`Pending ${id ?? 'all'}`);
  return <p id="pending">{useOutbox(id).length}</p>;
}
function Typing({ id }: { id: string }): ReactNode {
  counted('Typing');
  const [userIds, type] = useTyping(id);
  useEffect(() => type(true), [type]);
  return <p id="typing">{userIds.join()}</p>;
}
function Draft({ id }: { id: string }): ReactNode {
  counted('Draft');
  const [draft, keep] = useDraft(id);
  return (
    <button id="draft" type="button" onClick={() => keep(`${draft}!`)}>
      {draft}
    </button>
  );
}
function Person(): ReactNode {
  counted('Person');
  return (
    <p id="person">
      {useMe()?.username} {usePresence('bob')?.isOnline === true ? 'online' : 'offline'}
    </p>
  );
}
function Badge(): ReactNode {
  counted('Badge');
  return <p id="badge">{useUnread()}</p>;
}
function Avatar({ file }: { file: Blob }): ReactNode {
  const { upload, isUploading, attachment, error } = useUpload();
  return (
    <button id="avatar" type="button" onClick={() => void upload(file).catch(() => undefined)}>
      {isUploading ? 'uploading' : (attachment?.id ?? error?.message ?? 'none')}
    </button>
  );
}
class Boundary extends Component<{ children: ReactNode }, { message?: string }> {
  override state: { message?: string } = {};
  static getDerivedStateFromError(error: Error): { message: string } {
    return { message: error.message };
  }
  override render(): ReactNode {
    return this.state.message === undefined ? this.props.children : <p id="failed">{this.state.message}</p>;
  }
}

let root: ReturnType<typeof createRoot>;
let client: FakeClient;

function render(children: ReactNode, isStrict = false): void {
  const provided = <ChatProvider client={client}>{children}</ChatProvider>;
  root.render(isStrict ? <StrictMode>{provided}</StrictMode> : provided);
}
const text = (id: string): string | undefined => document.getElementById(id)?.textContent ?? undefined;

async function until(condition: () => boolean, about: string): Promise<void> {
  const end = performance.now() + 10_000;
  while (!condition()) {
    if (performance.now() > end) throw new Error(`never: ${about}`);
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}
const shows = (id: string, wanted: string | undefined): Promise<void> =>
  until(() => text(id) === wanted, `${id} shows ${wanted}, but ${text(id)}`);
function equal(actual: unknown, wanted: unknown): void {
  if (JSON.stringify(actual) !== JSON.stringify(wanted))
    throw new Error(`got ${JSON.stringify(actual)}, wanted ${JSON.stringify(wanted)}`);
}
/** What was rendered, after everything that was set is shown: `Status` is rendered last of all. */
async function rendered(): Promise<Record<string, number>> {
  client.connection.set({ status: client.connection.getSnapshot().status === 'live' ? 'offline' : 'live' });
  await shows('status', client.connection.getSnapshot().status);
  renders.delete('Status');
  const result = Object.fromEntries([...renders].sort(([one], [other]) => (one < other ? -1 : 1)));
  renders.clear();
  return result;
}

const scenes: Record<string, () => Promise<void>> = {
  'render again only what shows what changed': async () => {
    const ids = ['a', 'b', 'c'];
    for (const id of ids) client.value(`conversation:${id}`).set(conversation(id, 0));
    client.value('conversations').set(ids.map((id) => conversation(id, 0)));
    render(
      <>
        <Status />
        <List />
        <Thread id="a" />
        <Pending />
        <Pending id="b" />
        <Typing id="a" />
        <Person />
      </>,
    );
    await shows('status', 'offline');
    await until(() => client.opens.get('a') === 1, 'a is open');
    await rendered();

    client.value('conversation:b').set(conversation('b', 1));
    await shows('b', '1');
    equal(await rendered(), { 'Row b': 1 });

    client.value('messages:a').set({ ...noMessages, items: [message(1)] });
    equal(await rendered(), { 'Thread a': 1 });
    client.value('messages:b').set({ ...noMessages, items: [message(1)] });
    client.value('conversation:z').set(conversation('z', 1));
    client.value('typing:b').set(['bob']);
    client.value('presence:carol').set({ userId: 'carol', isOnline: true, lastSeenAt: null });
    equal(await rendered(), {});

    client.value('typing:a').set(['bob']);
    equal(await rendered(), { Typing: 1 });
    client.value('presence:bob').set({ userId: 'bob', isOnline: true, lastSeenAt: null });
    equal(await rendered(), { Person: 1 });
    await shows('person', ' online');

    // Something in another conversation's lane; then an equal list, as a new array.
    client.outbox.set([outboxItem('one', 'a')]);
    equal(await rendered(), { 'Pending all': 1 });
    client.outbox.set([...client.outbox.getSnapshot()]);
    equal(await rendered(), {});
    client.outbox.set([...client.outbox.getSnapshot(), outboxItem('two', 'b')]);
    equal(await rendered(), { 'Pending all': 1, 'Pending b': 1 });
  },
  'count what is unread, but for the muted, and render again only for another number': async () => {
    const muted = (id: string, unreadCount: number, mutedUntil: string | null): Conversation =>
      ({ id, me: { unreadCount, mutedUntil } }) as unknown as Conversation;
    client.value('conversations').set([muted('a', 2, null), muted('b', 5, '9999-01-01T00:00:00.000Z')]);
    render(
      <>
        <Status />
        <Badge />
      </>,
    );
    await shows('badge', '2');
    await rendered();
    client.value('conversations').set([muted('a', 2, null), muted('b', 6, '9999-01-01T00:00:00.000Z')]);
    equal(await rendered(), {});
    client.value('conversations').set([muted('a', 1, null), muted('b', 6, '2020-01-01T00:00:00.000Z')]);
    equal(await rendered(), { Badge: 1 });
    await shows('badge', '7');
  },
  'show an upload until it is there or has failed, and end it with the component': async () => {
    const file = new Blob(['x']);
    render(<Avatar file={file} />, true);
    await shows('avatar', 'none');
    const press = (): void => document.getElementById('avatar')?.click();
    press();
    await shows('avatar', 'uploading');
    client.uploads[0]?.resolve({ id: 'first' } as Attachment);
    await shows('avatar', 'first');
    press();
    await until(() => client.uploads.length === 2, 'a second one');
    press();
    await until(() => client.uploads.length === 3, 'a third one');
    equal(client.uploads[1]?.signal?.aborted, true);
    await shows('avatar', 'uploading');
    client.uploads[2]?.reject(new Error('too large'));
    await shows('avatar', 'too large');
    press();
    await until(() => client.uploads.length === 4, 'a fourth one');
    render(null);
    await until(() => client.uploads[3]?.signal?.aborted === true, 'it ends');
  },
  'keep an upload that is begun before the effects of StrictMode have run': async () => {
    const begun = new MutationObserver(() => {
      const button = document.getElementById('avatar');
      if (button === null) return;
      begun.disconnect();
      button.click();
    });
    begun.observe(document.body, { childList: true, subtree: true });
    render(<Avatar file={new Blob(['x'])} />, true);
    await until(() => client.uploads.length === 1, 'it is begun');
    await shows('avatar', 'uploading');
    client.uploads[0]?.resolve({ id: 'early' } as Attachment);
    await shows('avatar', 'early');
    equal(client.uploads[0]?.signal?.aborted, false);
  },
  'call the client with what the user does': async () => {
    render(
      <>
        <Thread id="a" />
        <Typing id="a" />
        <Draft id="a" />
      </>,
    );
    client.value('draft:a').set('Hello');
    await shows('draft', 'Hello');
    document.getElementById('draft')?.click();
    await until(() => document.getElementById('older') !== null, 'the buttons are there');
    document.getElementById('older')?.click();
    document.getElementById('send')?.click();
    await until(() => client.typed.length > 0, 'typed');
    equal(client.loads, ['older of a']);
    equal(client.sent, [{ conversationId: 'a', content: 'typed', replyToId: 'other' }]);
    equal(client.typed, [['a', true]]);
    equal(client.drafts, [['a', 'Hello!']]);
  },
  'follow a change of the conversation, and let go of the one before': async () => {
    client.value('messages:a').set({ ...noMessages, items: [message(1)] });
    client.value('messages:b').set({ ...noMessages, items: [message(2)] });
    render(<Thread id="a" />);
    await shows('thread', 'message 1');
    render(<Thread id="b" />);
    await shows('thread', 'message 2');
    await until(() => client.opens.get('a') === 0 && client.opens.get('b') === 1, 'b alone is open');
    client.value('messages:b').set({ ...noMessages, items: [message(3)] });
    await shows('thread', 'message 3');
  },
  'survive StrictMode: nothing stays open, nothing stays subscribed': async () => {
    render(
      <>
        <Status />
        <Thread id="a" />
        <Typing id="a" />
        <Pending />
      </>,
      true,
    );
    await until(() => client.opens.get('a') === 1, 'a is open once');
    client.value('messages:a').set({ ...noMessages, items: [message(1)] });
    await shows('thread', 'message 1');
    equal(client.opens.get('a'), 1);
    render(null, true);
    await shows('thread', undefined);
    await until(() => client.opens.get('a') === 0 && client.listeners() === 0, `all let go of ${client.listeners()}`);
  },
  'show what changed between a render and its subscription': async () => {
    function Changer(): ReactNode {
      const { status } = useConnection();
      if (status === 'offline') client.connection.set({ status: 'live' });
      return <p id="changer">{status}</p>;
    }
    render(<Changer />);
    await shows('changer', 'live');
  },
  'say what is missing where there is no provider': async () => {
    root.render(
      <Boundary>
        <Status />
      </Boundary>,
    );
    await until(() => text('failed')?.includes('ChatProvider') === true, 'it says so');
  },
};

const page = {
  titles: Object.keys(scenes),
  async play(title: string): Promise<void> {
    const scene = scenes[title];
    const element = document.getElementById('root');
    if (scene === undefined || element === null) throw new Error(title);
    client = new FakeClient();
    root = createRoot(element);
    await scene();
  },
};

export type HooksPage = typeof page;
(globalThis as unknown as { page: HooksPage }).page = page;
