import { afterAll, beforeAll, beforeEach, afterEach, describe, expect, it, jest } from '@jest/globals';
import type { Conversation, MessageItem } from '@parley/client';
import type { Messages } from '@parley/client/react';
import { h, render } from 'preact';
import { act } from 'preact/test-utils';
import { openDom } from '../../../test/browser/dom.js';

describe('the scroller of a conversation', () => {
  const conversation = { id: 'c1', me: { lastReadSeq: 0 } } as Conversation;
  const read: number[] = [];
  const message = (seq: number): MessageItem => ({ clientId: `client ${seq}`, seq, state: 'sent' }) as MessageItem;
  const newest = [message(201)];
  let dom: ReturnType<typeof openDom>;
  let root: HTMLElement;
  let field: HTMLTextAreaElement;
  let loaded: () => void;
  let jumps: number[];
  let jump: (seq: number) => void;
  let useScroll: typeof import('./scroll.js').useScroll;

  const messages = (changes: Partial<Messages>): Messages =>
    ({
      items: newest,
      firstUnreadSeq: null,
      hasOlder: true,
      hasNewer: false,
      isLoading: true,
      loadOlder: async () => undefined,
      jumpTo: (seq: number) => {
        jumps.push(seq);
        return new Promise<void>((resolve) => (loaded = resolve));
      },
      ...changes,
    }) as Messages;

  function List({ shown, isLive }: { shown: Messages; isLive: boolean }) {
    const scroll = useScroll({ conversation, messages: shown, seq: undefined, isLive });
    jump = scroll.jump;
    const rows = shown.items.map(({ seq }) => h('div', { key: seq, 'data-seq': seq, tabIndex: -1 }));
    return h('div', { ref: scroll.scroller }, h('div', null, rows));
  }

  const show = (changes: Partial<Messages> = {}, isLive = true): void =>
    void act(() => render(h(List, { shown: messages(changes), isLive }), root));

  beforeAll(async () => {
    dom = openDom();
    jest.unstable_mockModule('../session/client.js', () => ({
      client: { userId: 'ada', markRead: async (_: string, seq: number) => void read.push(seq) },
    }));
    ({ useScroll } = await import('./scroll.js'));
  });

  afterAll(() => dom.close());

  beforeEach(() => {
    jest.useFakeTimers();
    read.length = 0;
    jumps = [];
    root = document.createElement('div');
    field = document.createElement('textarea');
    document.body.append(root, field);
  });

  afterEach(() => {
    render(null, root);
    root.remove();
    field.remove();
    jest.useRealTimers();
  });

  it('marks nothing as read while what is unread is still fetched', async () => {
    show();
    show({ firstUnreadSeq: 1 });
    expect(jumps).toEqual([1]);
    await jest.advanceTimersByTimeAsync(1_000);
    expect(read).toEqual([]);
    show({ items: [message(1), message(2)], hasNewer: true, firstUnreadSeq: 1 });
    loaded();
    await jest.advanceTimersByTimeAsync(1_000);
    expect(read).not.toContain(201);
  });

  it('goes to the first unread message once more where more was missed than was known at first, until it is live', async () => {
    show({ items: [message(100)], firstUnreadSeq: 100 }, false);
    expect(jumps).toEqual([]);
    show({ items: [message(151), message(152)], firstUnreadSeq: 100 });
    expect(jumps).toEqual([100]);
    await jest.advanceTimersByTimeAsync(1_000);
    expect(read).not.toContain(152);
    loaded();
    show({ items: [message(152), message(153)], firstUnreadSeq: 100 });
    expect(jumps).toEqual([100]);
  });

  it('stays at the end with a message that comes when it is live, where nothing was missed', () => {
    show({ items: [message(100)], firstUnreadSeq: 100 }, false);
    show({ items: [message(100)], firstUnreadSeq: 100 });
    show({ items: [message(152)], firstUnreadSeq: 100 });
    expect(jumps).toEqual([]);
  });

  it('stays at the end with what comes behind a connection that was lost, which is no opening', () => {
    show({ items: [message(100)], firstUnreadSeq: 100 });
    show({ items: [message(100)], firstUnreadSeq: 100 }, false);
    show({ items: [message(152)], firstUnreadSeq: 100 }, false);
    show({ items: [message(153)], firstUnreadSeq: 100 });
    expect(jumps).toEqual([]);
  });

  it('stays at the end with what was missed, where what was unread at first has been read by then', () => {
    show({ items: [message(100)], firstUnreadSeq: 100 }, false);
    conversation.me.lastReadSeq = 100;
    try {
      show({ items: [message(152)], firstUnreadSeq: 100 });
      expect(jumps).toEqual([]);
    } finally {
      conversation.me.lastReadSeq = 0;
    }
  });

  it('marks as read what stands at its end', async () => {
    show();
    await jest.advanceTimersByTimeAsync(1_000);
    expect(read).toEqual([201]);
  });

  it('leaves the focus in a field in which somebody writes while the wanted message is fetched', () => {
    field.focus();
    show();
    show({ firstUnreadSeq: 1 });
    show({ items: [message(1), message(2)], hasNewer: true, firstUnreadSeq: 1 });
    expect(root.querySelector('.flash')?.getAttribute('data-seq')).toBe('1');
    expect(document.activeElement).toBe(field);
  });

  it('gives the focus to the message that the user asked for, also out of the field of a composer', () => {
    show();
    field.focus();
    jump(201);
    expect(document.activeElement?.getAttribute('data-seq')).toBe('201');
    field.focus();
    jump(1);
    show({ items: [message(1), message(2)], hasNewer: true });
    expect(document.activeElement?.getAttribute('data-seq')).toBe('1');
  });

  it('gives the focus to the wanted message where nobody writes', () => {
    show();
    show({ firstUnreadSeq: 1 });
    show({ items: [message(1), message(2)], hasNewer: true, firstUnreadSeq: 1 });
    expect(document.activeElement?.getAttribute('data-seq')).toBe('1');
  });
});
