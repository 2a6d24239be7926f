import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { type ReactNode, StrictMode } from 'react';
import { act, create, type ReactTestRenderer } from 'react-test-renderer';
import {
  ChatProvider,
  type Messages,
  useConversation,
  useConversations,
  useDraft,
  useFriendRequests,
  useFriends,
  useMessages,
  useOutbox,
  useReceipts,
  useSend,
  useTyping,
  useUnread,
  useUser,
} from '../../src/react/index.js';
import type { FriendRequest, Receipt, User } from '../../src/protocol/protocol.generated.js';
import type { ConversationItem, MessageItem } from '../../src/store/types.js';
import { made } from '../client/fake-server.js';
import { settled } from '../support/virtual-clock.js';
import { Chance, ME, ModelServer, noChanges } from '../sync/model-server.js';
import { FakeClient, noMessages } from './fake-client.js';

/** Strings as components: what React Native's own are to React. There is no document here, as on a phone. */
function Screen({ id }: { id: string }): ReactNode {
  const { items } = useMessages(id);
  const [typing, type] = useTyping(id);
  const [draft, keep] = useDraft(id);
  const send = useSend(id);
  const waiting = useOutbox(id).length + useConversations().length;
  return (
    <native-list
      texts={items.map(({ content }) => content)}
      typing={typing}
      waiting={waiting}
      draft={draft}
      type={type}
      keep={keep}
      onPress={() => send('from a phone')}
    />
  );
}

declare module 'react' {
  // oxlint-disable-next-line typescript/no-namespace -- how JSX learns of elements
  namespace JSX {
    interface IntrinsicElements {
      'native-list': Record<string, unknown>;
    }
  }
}

describe('the hooks without a document, as in React Native', () => {
  let client: FakeClient;
  let screen: ReactTestRenderer;
  beforeEach(() => {
    (globalThis as { IS_REACT_ACT_ENVIRONMENT?: boolean }).IS_REACT_ACT_ENVIRONMENT = true;
    // It says of itself that it is deprecated.
    jest.spyOn(console, 'error').mockImplementation(() => undefined);
    client = new FakeClient();
    act(() => {
      screen = create(
        <StrictMode>
          <ChatProvider client={client}>
            <Screen id="a" />
          </ChatProvider>
        </StrictMode>,
      );
    });
  });
  afterEach(() => {
    jest.restoreAllMocks();
  });

  it('give the same functions as long as it is the same conversation, whatever is written and whoever types', () => {
    const list = () => screen.root.findByType('native-list').props;
    const { type, keep } = list();
    act(() => {
      client.value('typing:a').set(['bob']);
      client.value('draft:a').set('Hel');
    });
    expect(list()).toMatchObject({ typing: ['bob'], draft: 'Hel' });
    expect([list()['type'], list()['keep']]).toEqual([type, keep]);
    act(() => screen.unmount());
  });

  it('show, follow, send and let go', () => {
    expect(typeof document).toBe('undefined');
    const list = () => screen.root.findByType('native-list').props;
    expect(list()).toMatchObject({ texts: [], typing: [], waiting: 0 });
    act(() => {
      client.value('messages:a').set({ ...noMessages, items: [{ content: 'hello' } as MessageItem] });
      client.value('typing:a').set(['bob']);
    });
    expect(list()).toMatchObject({ texts: ['hello'], typing: ['bob'] });
    (list()['onPress'] as () => void)();
    expect(client.sent).toEqual([{ conversationId: 'a', content: 'from a phone' }]);
    expect(client.opens.get('a')).toBe(1);
    act(() => screen.unmount());
    expect(client.opens.get('a')).toBe(0);
    expect(client.listeners()).toBe(0);
  });

  it('show no messages of a conversation that is not known yet, and those of it once it is', async () => {
    const Later = ({ id }: { id?: string }): ReactNode => <native-list messages={useMessages(id)} />;
    const show = (id?: string): void =>
      act(() =>
        screen.update(
          <ChatProvider client={client}>
            <Later {...(id === undefined ? {} : { id })} />
          </ChatProvider>,
        ),
      );
    const messages = () => screen.root.findByType('native-list').props['messages'] as Messages;
    show();
    const { loadOlder, loadNewer, jumpTo, jumpToNewest, ...shown } = messages();
    expect(shown).toEqual(noMessages);
    await Promise.all([loadOlder(), loadNewer(), jumpTo(1), jumpToNewest()]);
    expect([client.loads, [...client.opens.keys()]]).toEqual([[], ['a']]);
    act(() => client.value('messages:a').set({ ...noMessages, items: [{ content: 'hello' } as MessageItem] }));
    show('a');
    expect([messages().items.map(({ content }) => content), client.opens.get('a')]).toEqual([['hello'], 1]);
    show();
    expect([messages().items, client.opens.get('a')]).toEqual([[], 0]);
    act(() => screen.unmount());
    expect(client.listeners()).toBe(0);
  });

  it('show a user, the friends, what they ask and how far they have read, each rendered again for its own key alone', () => {
    let renders = 0;
    const People = (): ReactNode => {
      renders += 1;
      const lists = { friends: useFriends(), requests: useFriendRequests(), receipts: useReceipts('a') };
      return <native-list user={useUser('bob')} {...lists} />;
    };
    act(() => screen.unmount());
    act(() => {
      screen = create(
        <ChatProvider client={client}>
          <People />
        </ChatProvider>,
      );
    });
    const shown = () => screen.root.findByType('native-list').props;
    expect(shown()).toEqual({ user: undefined, friends: [], requests: [], receipts: [] });
    const bob = { id: 'bob', username: 'bob' } as User;
    const request = { id: 'r', senderId: 'carol' } as FriendRequest;
    const receipt = { userId: 'bob', lastReadSeq: 2 } as Receipt;
    act(() => client.value('user:bob').set(bob));
    expect([shown()['user'], renders]).toEqual([bob, 2]);
    act(() => client.value('friends').set([bob]));
    expect([shown()['friends'], renders]).toEqual([[bob], 3]);
    act(() => client.value('friendRequests').set([request]));
    expect([shown()['requests'], renders]).toEqual([[request], 4]);
    act(() => client.value('receipts:a').set([receipt]));
    expect([shown()['receipts'], renders]).toEqual([[receipt], 5]);
    // Another's, and lists that are equal.
    act(() => client.value('user:carol').set({ ...bob, id: 'carol' }));
    act(() => client.value('receipts:b').set([receipt]));
    act(() => client.value('friends').set([bob]));
    act(() => client.value('friendRequests').set([request]));
    act(() => client.value('receipts:a').set([receipt]));
    expect(renders).toBe(5);
    act(() => screen.unmount());
    expect(client.listeners()).toBe(0);
  });

  it('count a conversation from the moment at which its mute ends, however far that is', () => {
    const Badge = (): ReactNode => <native-list unread={useUnread()} />;
    jest.useFakeTimers();
    try {
      const muted = (id: string, days: number): ConversationItem =>
        ({
          id,
          me: { unreadCount: days, mutedUntil: new Date(Date.now() + days * 86_400_000).toISOString() },
        }) as unknown as ConversationItem;
      const spoken = { id: 'c', me: { unreadCount: 5, mutedUntil: null } } as unknown as ConversationItem;
      act(() => screen.unmount());
      act(() => {
        screen = create(
          <ChatProvider client={client}>
            <Badge />
          </ChatProvider>,
        );
      });
      const unread = (): unknown => screen.root.findByType('native-list').props['unread'];
      act(() => client.value('conversations').set([muted('a', 1), muted('b', 40), spoken]));
      expect(unread()).toBe(5);
      act(() => jest.advanceTimersByTime(86_400_000));
      expect(unread()).toBe(6);
      act(() => jest.advanceTimersByTime(38 * 86_400_000));
      expect(unread()).toBe(6);
      act(() => jest.advanceTimersByTime(86_400_000));
      expect(unread()).toBe(46);
      act(() => screen.unmount());
      expect([client.listeners(), jest.getTimerCount()]).toEqual([0, 0]);
    } finally {
      jest.useRealTimers();
    }
  });
});

describe('the hooks over a real client', () => {
  it('render again, for a message that comes, its thread and its row of the list alone', async () => {
    (globalThis as { IS_REACT_ACT_ENVIRONMENT?: boolean }).IS_REACT_ACT_ENVIRONMENT = true;
    jest.spyOn(console, 'error').mockImplementation(() => undefined);
    const server = new ModelServer(new Chance(1));
    const ids = ['c0', 'c1', 'c2'];
    for (const id of ids) {
      if (!server.rooms.has(id)) server.createRoom(id);
      for (let count = 0; count < 2; count += 1) server.send(id, 'u1');
    }
    const { client, sockets } = made((url) => {
      const id = /conversations\/([^/]+)\/messages/.exec(url)?.[1];
      const tokens = { accessToken: 'access', refreshToken: 'refresh', expiresIn: 900, user: server.user(ME) };
      const answer = url.includes('/auth/') ? tokens : id ? server.page(id, {}, 50) : { items: [], nextCursor: null };
      const text = () => Promise.resolve(JSON.stringify(answer));
      return Promise.resolve({ status: 200, ok: true, headers: { get: () => null }, text });
    });
    const renders = new Map<string, number>();
    const counted = (name: string): void => void renders.set(name, (renders.get(name) ?? 0) + 1);
    const Thread = ({ id }: { id: string }): ReactNode => {
      counted(`thread ${id}`);
      return useMessages(id)
        .items.map(({ content }) => content)
        .join();
    };
    const Row = ({ id }: { id: string }): ReactNode => {
      counted(`row ${id}`);
      return useConversation(id)?.me.unreadCount;
    };
    await client.login({ username: 'me', password: 'a long password' });
    await settled();
    sockets.last.welcome(ME);
    await settled();
    const conversations = ids.map((id) => server.conversation(id));
    sockets.last.answer('sync', { ok: true, data: { ...noChanges(), conversations } });
    await settled();
    let screen: ReactTestRenderer | undefined;
    await act(async () => {
      screen = create(
        <ChatProvider client={client}>
          {ids.map((id) => [<Thread key={`thread ${id}`} id={id} />, <Row key={id} id={id} />])}
        </ChatProvider>,
      );
      await settled();
    });
    renders.clear();
    server.send('c1', 'u1', null, 'hello');
    const { name, payload } = server.sent.at(-1) as { name: string; payload: unknown };
    await act(async () => {
      sockets.last.listeners.event(name, payload);
      await settled();
    });
    expect(client.messages('c1').items.at(-1)?.content).toBe('hello');
    expect([...renders.keys()].sort()).toEqual(['row c1', 'thread c1']);
    act(() => screen?.unmount());
    await client.close();
    jest.restoreAllMocks();
  });
});
