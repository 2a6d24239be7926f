import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import type { Conversation, ConversationItem, MessageItem } from '@parley/client';
import { render, type ComponentChildren } from 'preact';
import { act } from 'preact/test-utils';
import { openDom } from '../../../test/browser/dom.js';
import { agoOf, briefTimeOf } from '../texts/texts.js';

const MINUTE_MS = 60_000;
const NIGHT = new Date(2026, 10, 20, 23, 50);

describe('a time that is shown', () => {
  let dom: ReturnType<typeof openDom>;
  let isVisible: boolean;
  let clockAheadMs: number | undefined;
  let connectionChanged: () => void;
  let ConversationRow: typeof import('../conversations/ConversationRow.js').ConversationRow;
  let ConversationHeader: typeof import('../messages/ConversationHeader.js').ConversationHeader;
  let canEdit: typeof import('../messages/actions.js').canEdit;
  const partner = { id: 'bob', username: 'bob', displayName: 'Bob', lastSeenAt: NIGHT.toISOString() };
  const conversation = {
    id: 'c1',
    type: 'DIRECT',
    members: [{ user: partner }],
    me: { pinnedAt: null, mutedUntil: null, unreadCount: 0 },
    lastMessageAt: NIGHT.toISOString(),
    lastMessage: 'Good night',
    lastMessageKind: 'TEXT',
    lastMessageBy: 'ada',
    lastSeq: 1,
  } as unknown as Conversation & ConversationItem;

  const show = (content: ComponentChildren): void => void act(() => render(content, document.body));
  const text = (selector: string): string => document.querySelector(selector)?.textContent ?? '';
  const pass = (milliseconds: number): void => void act(() => jest.advanceTimersByTime(milliseconds));

  beforeAll(async () => {
    dom = openDom();
    jest.unstable_mockModule('@parley/client/react', () => ({
      useConnection: () => ({ status: 'live' }),
      useDraft: () => ['', () => undefined],
      usePresence: () => undefined,
      useTyping: () => [[], () => undefined],
      useUser: () => undefined,
    }));
    const connection = {
      getSnapshot: () => ({ clockAheadMs }),
      subscribe: (listener: () => void) => (connectionChanged = listener),
    };
    jest.unstable_mockModule('../session/client.js', () => ({ client: { userId: 'ada', connection } }));
    ({ ConversationRow } = await import('../conversations/ConversationRow.js'));
    ({ ConversationHeader } = await import('../messages/ConversationHeader.js'));
    ({ canEdit } = await import('../messages/actions.js'));
    Object.defineProperty(document, 'visibilityState', { get: () => (isVisible ? 'visible' : 'hidden') });
  });

  beforeEach(() => {
    isVisible = true;
    jest.useFakeTimers({ now: NIGHT });
  });

  afterEach(() => {
    show(null);
    jest.useRealTimers();
  });

  afterAll(() => dom.close());

  it('says how long ago somebody was seen, also a while later', () => {
    const nothing = (): void => undefined;
    show(<ConversationHeader conversation={conversation} onDetails={nothing} onSearch={nothing} />);
    pass(3 * MINUTE_MS);
    expect(text('.head-text')).toContain(agoOf(partner.lastSeenAt));
  });

  it('is counted from by the server’s clock where the device’s is ahead, also once the connection is lost', () => {
    const sent = { senderId: 'ada', state: 'sent', kind: 'TEXT', content: 'Hello', deletedAt: null };
    const message = { ...sent, createdAt: NIGHT.toISOString() } as MessageItem;
    const connect = (aheadMs: number | undefined): void => {
      clockAheadMs = aheadMs;
      connectionChanged();
    };
    pass(60 * MINUTE_MS);
    expect(canEdit(message)).toBe(false);
    connect(60 * MINUTE_MS);
    connect(undefined);
    show(<ConversationHeader conversation={conversation} onDetails={() => undefined} onSearch={() => undefined} />);
    expect(text('.head-text')).toContain(agoOf(partner.lastSeenAt, NIGHT.getTime()));
    expect(canEdit(message)).toBe(true);
    pass(15 * MINUTE_MS);
    expect(canEdit(message)).toBe(false);
    connect(0);
  });

  it('is one of yesterday in the list from midnight on', () => {
    show(<ConversationRow conversation={conversation} isCurrent={false} />);
    const today = text('time');
    pass(11 * MINUTE_MS);
    expect(text('time')).not.toBe(today);
    expect(text('time')).toBe(briefTimeOf(NIGHT.toISOString()));
  });

  it('is drawn anew where it is seen, and once it is seen again', () => {
    show(<ConversationRow conversation={conversation} isCurrent={false} />);
    const today = text('time');
    isVisible = false;
    pass(11 * MINUTE_MS);
    expect(text('time')).toBe(today);
    isVisible = true;
    void act(() => void document.dispatchEvent(new dom.window.Event('visibilitychange') as unknown as Event));
    expect(text('time')).toBe(briefTimeOf(NIGHT.toISOString()));
  });
});
