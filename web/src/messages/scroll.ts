import type { Conversation, MessageItem } from '@parley/client';
import type { Messages } from '@parley/client/react';
import type { RefObject } from 'preact';
import { useCallback, useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';
import { usePlace } from '../app/router.js';
import { client } from '../session/client.js';

/** Nearer than that to an edge of what is shown, more is fetched. */
const LOAD_AHEAD_PX = 1_500;
/** Nearer than that to the end is at the end. */
const END_PX = 40;
const MARK_READ_MS = 250;
const FLASH_MS = 1_800;

interface Sources {
  conversation: Conversation;
  messages: Messages;
  /** The message that the URL names. */
  seq: number | undefined;
  /** What was missed has come. */
  isLive: boolean;
}

interface Scroll {
  scroller: RefObject<HTMLDivElement | null>;
  isAtEnd: boolean;
  toEnd(): void;
  jump(seq: number): void;
}

interface Anchor {
  element: Element;
  top: number;
}

/** Keeps what is looked at where it is, whatever comes and goes around it; fetches more near the edges; reports what was read. */
export function useScroll({ conversation, messages, seq, isLive }: Sources): Scroll {
  const { id } = conversation;
  const place = usePlace();
  const scroller = useRef<HTMLDivElement | null>(null);
  const [isAtEnd, setAtEnd] = useState(true);
  const target = useRef<number | undefined>(seq);
  const isPagesOwn = useRef(false);
  const isPlaced = useRef(false);
  /** The newest message when the first unread one was gone to last. */
  const unreadPlacedAt = useRef(0);
  const shown = useRef<readonly MessageItem[]>([]);
  const anchor = useRef<Anchor | 'end'>('end');
  const latest = useRef(messages);
  latest.current = messages;

  // While this is drawn the page still shows what was before: the moment to see where things are.
  if (shown.current !== messages.items && scroller.current !== null)
    anchor.current = isPlaced.current ? anchorOf(scroller.current) : 'end';

  const readOn = useReadMarks(id, scroller, latest, target);
  const check = useCallback(() => {
    const element = scroller.current;
    if (element === null) return;
    const below = -element.scrollTop;
    const above = element.scrollHeight - element.clientHeight - below;
    const { hasOlder, hasNewer, isLoading, loadOlder, loadNewer } = latest.current;
    setAtEnd(below < END_PX && !hasNewer);
    if (!isLoading && hasOlder && above < LOAD_AHEAD_PX) void loadOlder();
    else if (!isLoading && hasNewer && below < LOAD_AHEAD_PX) void loadNewer();
    // On the way to another place, what is passed is not read.
    if (target.current === undefined) readOn();
  }, [readOn]);

  const jump = useCallback((to: number, isOwn = false) => {
    target.current = to;
    isPagesOwn.current = isOwn;
    if (showTarget(scroller.current, target, isOwn)) return;
    const end = (): void => {
      requestAnimationFrame(() => {
        if (target.current === to) target.current = undefined;
      });
    };
    latest.current.jumpTo(to).then(end, end);
  }, []);
  const toEnd = useCallback(() => {
    target.current = undefined;
    void client.messages(id).jumpToNewest();
    anchor.current = 'end';
    scroller.current?.scrollTo({ top: 0 });
    setAtEnd(true);
  }, [id]);

  useLayoutEffect(() => {
    const element = scroller.current;
    if (element === null) return;
    const before = shown.current;
    shown.current = messages.items;
    if (messages.items.length === 0) return;
    // What is unread is known a moment after what is held is shown, and not all of it before one is live.
    const newest = newestSeqOf(messages) ?? 0;
    const { firstUnreadSeq } = messages;
    const opensAtUnread =
      firstUnreadSeq !== null && firstUnreadSeq > conversation.me.lastReadSeq && newest > unreadPlacedAt.current;
    if (firstUnreadSeq !== null) unreadPlacedAt.current = isLive ? Infinity : Math.max(unreadPlacedAt.current, newest);
    if (isPlaced.current && opensAtUnread && target.current === undefined && element.scrollTop > -END_PX) {
      showUnread(element, messages, jump);
      return check();
    }
    // Nothing came or went: where things were measured last is where they were then.
    if (before === messages.items && isPlaced.current) return check();
    if (!isPlaced.current) {
      isPlaced.current = true;
      if (target.current !== undefined) jump(target.current);
      else showUnread(element, messages, jump);
    } else if (showTarget(element, target, isPagesOwn.current)) {
      // Where the user wanted to go.
    } else if (isOwnNew(before, messages.items)) element.scrollTop = 0;
    else if (anchor.current !== 'end') {
      const { element: row, top } = anchor.current;
      if (row.isConnected) element.scrollTop += row.getBoundingClientRect().top - top;
    }
    check();
  }, [messages.items, messages.hasOlder, messages.hasNewer, messages.isLoading, messages.firstUnreadSeq, isLive]);

  useEffect(() => {
    if (seq !== undefined && isPlaced.current) jump(seq);
    // Also where one is shown the way to the same message once more.
  }, [place]);

  useEffect(() => {
    const element = scroller.current;
    if (element === null) return;
    let frame = 0;
    const onScroll = (): void => {
      frame ||= requestAnimationFrame(() => {
        frame = 0;
        check();
      });
    };
    element.addEventListener('scroll', onScroll, { passive: true });
    document.addEventListener('visibilitychange', check);
    return () => {
      element.removeEventListener('scroll', onScroll);
      document.removeEventListener('visibilitychange', check);
      cancelAnimationFrame(frame);
    };
  }, [check]);

  return { scroller, isAtEnd, toEnd, jump };
}

/** The row in the middle of what is seen: rows far from it may be let go. At the end the end itself. */
function anchorOf(scroller: HTMLElement): Anchor | 'end' {
  if (scroller.scrollTop > -END_PX) return 'end';
  const rows = scroller.firstElementChild?.children ?? [];
  const { top, height } = scroller.getBoundingClientRect();
  const middle = top + height / 2;
  let [low, high] = [0, rows.length - 1];
  while (low < high) {
    const index = (low + high) >> 1;
    if ((rows[index] as Element).getBoundingClientRect().bottom < middle) low = index + 1;
    else high = index;
  }
  const element = rows[low];
  return element === undefined ? 'end' : { element, top: element.getBoundingClientRect().top };
}

function rowOf(scroller: HTMLElement | null, seq: number): HTMLElement | null {
  return scroller?.querySelector<HTMLElement>(`[data-seq="${seq}"]`) ?? null;
}

/**
 * Puts the wanted message in the middle, marks it for a moment and gives it the focus. False while it is not there.
 * Where the way there is the page's own, who writes meanwhile goes on writing.
 */
function showTarget(scroller: HTMLElement | null, target: RefObject<number | undefined>, isPagesOwn: boolean): boolean {
  if (target.current === undefined) return false;
  const row = rowOf(scroller, target.current);
  if (row === null) return false;
  target.current = undefined;
  row.scrollIntoView({ block: 'center' });
  if (!isPagesOwn || document.activeElement?.matches('input, textarea') !== true) row.focus({ preventScroll: true });
  row.classList.add('flash');
  setTimeout(() => row.classList.remove('flash'), FLASH_MS);
  return true;
}

/** A conversation opens at its first unread message, where that is above what would be seen. */
function showUnread(
  scroller: HTMLElement,
  { items, firstUnreadSeq }: Messages,
  jump: (seq: number, isOwn: boolean) => void,
): void {
  if (firstUnreadSeq === null) return;
  const first = items.find(({ seq }) => seq !== null)?.seq;
  if (first != null && firstUnreadSeq < first) return jump(firstUnreadSeq, true);
  const line = scroller.querySelector('.unread-line');
  if (line === null) return;
  const above = scroller.getBoundingClientRect().top - line.getBoundingClientRect().top;
  if (above > -END_PX) scroller.scrollTop -= above + scroller.clientHeight / 4;
}

function isOwnNew(before: readonly MessageItem[], after: readonly MessageItem[]): boolean {
  const last = after.at(-1);
  if (last === undefined || last.state !== 'pending' || last.senderId !== client.userId) return false;
  return !before.some(({ clientId }) => clientId === last.clientId);
}

/** Marks as read what was seen to its end while somebody looks. */
function useReadMarks(
  id: string,
  scroller: RefObject<HTMLDivElement | null>,
  latest: RefObject<Messages>,
  target: RefObject<number | undefined>,
): () => void {
  const timer = useRef<ReturnType<typeof setTimeout> | undefined>(undefined);
  useEffect(() => () => clearTimeout(timer.current), []);
  return useCallback(() => {
    clearTimeout(timer.current);
    timer.current = setTimeout(() => {
      const element = scroller.current;
      // The way to another place may have begun since.
      if (element === null || target.current !== undefined || document.visibilityState !== 'visible') return;
      const seq = lastSeenSeq(element, latest.current);
      if (seq !== undefined) client.markRead(id, seq).catch(() => undefined);
    }, MARK_READ_MS);
  }, [id]);
}

function newestSeqOf({ items }: Messages): number | undefined {
  return items.findLast(({ seq }) => seq !== null)?.seq ?? undefined;
}

function lastSeenSeq(scroller: HTMLElement, messages: Messages): number | undefined {
  if (scroller.scrollTop > -END_PX && !messages.hasNewer) return newestSeqOf(messages);
  const { bottom } = scroller.getBoundingClientRect();
  const rows = [...scroller.querySelectorAll<HTMLElement>('[data-seq]')];
  const seen = rows.findLast((row) => row.getBoundingClientRect().bottom <= bottom + END_PX);
  return seen === undefined ? undefined : Number(seen.dataset['seq']);
}
