import { describe, expect, it } from '@jest/globals';
import type { ReactNode } from 'react';
import { renderToString } from 'react-dom/server';
import {
  ChatProvider,
  useConnection,
  useConversation,
  useConversations,
  useDraft,
  useFriends,
  useMe,
  useMessages,
  useOutbox,
  usePresence,
  useReceipts,
  useTyping,
  useUnread,
} from '../../src/react/index.js';
import type { User } from '../../src/protocol/protocol.generated.js';
import type { MessageItem } from '../../src/store/types.js';
import { FakeClient, noMessages } from './fake-client.js';

function Screen(): ReactNode {
  const [typing] = useTyping('a');
  const [draft] = useDraft('a');
  const { items, isLoading } = useMessages('a');
  const lists = [useConversations(), useFriends(), useOutbox(), useOutbox('a'), useReceipts('a'), typing, items];
  const single = [useMe(), useConversation('a'), usePresence('u')].map((value) => value === undefined);
  return JSON.stringify([useConnection(), useUnread(), draft, isLoading, lists.map(({ length }) => length), single]);
}

const rendered = (client: FakeClient): string =>
  renderToString(
    <ChatProvider client={client}>
      <Screen />
    </ChatProvider>,
  );

describe('hooks that a server renders', () => {
  it('say the same whatever the client knows by then, so that a browser takes over what it finds', () => {
    const known = new FakeClient();
    known.value('messages:a').set({ ...noMessages, isLoading: true, items: [{ content: 'hello' } as MessageItem] });
    known.value('typing:a').set(['u']);
    known.value('draft:a').set('half a sentence');
    known.value('me').set({ id: 'me' } as User);
    expect(rendered(known)).toBe(rendered(new FakeClient()));
    expect(rendered(known).replaceAll('&quot;', '"')).toBe(
      '[{"status":"offline"},0,"",false,[0,0,0,0,0,0,0],[true,true,true]]',
    );
  });
});
