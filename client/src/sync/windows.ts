import type { MessagePage } from '../protocol/protocol.generated.js';
import { setTimeline } from './conversations.js';
import { renewal } from './expired-urls.js';
import type { PageQuery, Window } from './state.js';
import { type Step, table } from './step.js';
import { coverPage } from './timeline.js';
import { lacks, settle } from './window.js';

export function setWindow(step: Step, id: string, change: Partial<Window>): void {
  const window = step.state.windows.get(id);
  if (window !== undefined) table(step, 'windows').set(id, { ...window, ...change });
}

export function setWindows(step: Step, change: Partial<Window>): void {
  for (const id of step.state.windows.keys()) setWindow(step, id, change);
}

const asksForNewest = (query: PageQuery): boolean => Object.keys(query).length === 0;

/** A page that did not fulfil a wish ends it only where it was asked for its sake. */
export function wishAfter({ wish }: Window, query: PageQuery): Window['wish'] {
  const isAnswered =
    typeof wish === 'number'
      ? query.around === wish
      : wish === 'newest'
        ? asksForNewest(query)
        : (wish === 'older' ? query.before : query.after) !== undefined;
  return isAnswered ? null : wish;
}

/** Likewise: what is still to be fetched of what was on screen. */
export function resumeAfter({ from, to, wish, resume }: Window, query: PageQuery): Window['resume'] {
  const isAnswered = query.after === to || query.before === from || (wish !== null && query.around === wish);
  return isAnswered ? undefined : resume;
}

/** A page has come, and its messages are taken; what it did not bring is not asked for again. */
export function endPage(step: Step, id: string, query: PageQuery, page: MessagePage): void {
  const { windows, timelines, conversations } = step.state;
  const [window, held, row] = [windows.get(id), timelines.get(id), conversations.get(id)];
  setWindow(step, id, { loading: null });
  if (window === undefined || held === undefined || row === undefined) return;
  const timeline = coverPage(held, query, page);
  setTimeline(step, id, timeline);
  const isNewest = asksForNewest(query);
  const { lastSeq } = row;
  const end = timeline.coverage.at(-1)?.[1] ?? 0;
  const { from, to, follows, wish, resume } = settle(window, timeline, isNewest ? end : lastSeq, !isNewest);
  const hasAdvanced = from !== window.from || to !== window.to || wish !== window.wish;
  setWindow(step, id, {
    from,
    to,
    follows,
    ...(hasAdvanced ? { wish, resume } : { wish: wishAfter(window, query), resume: resumeAfter(window, query) }),
  });
  if (isNewest ? end < lastSeq : !hasAdvanced && query.after !== undefined)
    setWindow(step, id, { unreachable: lastSeq });
}

/** Places a window, and fetches what it lacks. */
export function placeWindow(step: Step, id: string): void {
  const { conversations, timelines, windows, isReady, isCaughtUp, catchUp } = step.state;
  const [row, timeline, window] = [conversations.get(id), timelines.get(id), windows.get(id)];
  if (row === undefined || timeline === undefined || window === undefined) return;
  const { lastSeq } = row;
  let settled = settle(window, timeline, lastSeq, isReady);
  const change = (changed: Partial<Window>): void => {
    settled = { ...settled, ...changed };
  };
  if (settled.isUnreadFixed !== true) {
    // Opened before what was missed has come, more is unread than is known yet, but for what the server says was read elsewhere.
    const [opened, upTo] = settled.unread ?? [row.me.lastReadSeq];
    const after = Math.max(opened, row.counted.lastReadSeq);
    if (after !== opened || lastSeq !== upTo) change({ unread: [after, lastSeq] });
    if (isCaughtUp) change({ isUnreadFixed: true });
  }
  const { loading, wish, from, to } = settled;
  if (isReady && loading === null) {
    const ask = (changed: Partial<Window> & { loading: PageQuery }): void => {
      change(changed);
      step.effects.push({ type: 'page', conversationId: id, query: changed.loading });
    };
    const query = lacks(settled, timeline, lastSeq);
    if (query === undefined) {
      if (wish !== null && !settled.isPaused) change({ wish: null });
      const due = wish === null && catchUp === null && !settled.isPaused && renewal(settled, timeline, step.now);
      if (due) ask(due);
      // What sync is about to bring is not fetched beside it, unless that takes long.
    } else if (catchUp === null || catchUp.isLong || wish !== null || to < from) {
      ask({ loading: query, wish: asksForNewest(query) ? 'newest' : wish });
    }
  }
  if (settled !== window) table(step, 'windows').set(id, settled);
}
