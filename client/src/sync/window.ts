import { intervalAt } from './coverage.js';
import { PAGE_SIZE } from './message-rows.js';
import type { PageQuery, Timeline, Window } from './state.js';

/** More than this is not shown at once: what is farther away is let go, and comes back when it is scrolled to. */
export const MAX_WINDOW = 400;
/** A gap up to this long is filled from its beginning; beyond a longer one the newest page is shown at once. */
const MAX_GAP_FILLED = 2 * PAGE_SIZE;

/** Page and server count alike: one message fewer after the middle than before it. */
const middleOf = ([from, to]: readonly [number, number]): number => Math.ceil((from + to) / 2);

/**
 * Moves a window to where its wish is, as far as the messages for it are held.
 * @param isPageComing the newest page can still come: what is shown does not make room for a few messages that are held alone
 */
export function settle(window: Window, timeline: Timeline, lastSeq: number, isPageComing: boolean): Window {
  const { coverage } = timeline;
  let { from, to, follows, wish, resume } = window;
  const newest = coverage.at(-1);
  // What was in the midst of the history is fetched around its middle; again where that was broken off.
  if (resume !== undefined && resume[1] !== Infinity && wish === null && !window.isPaused) {
    const isElsewhere = intervalAt(coverage, to) === undefined || to < resume[0] || from > resume[1];
    if (isElsewhere) wish = middleOf(resume);
  }
  const hasNewest =
    newest !== undefined &&
    newest[1] >= lastSeq &&
    (!isPageComing || newest[1] - newest[0] + 1 >= PAGE_SIZE || newest[0] <= timeline.start);
  const showEndOf = (interval: readonly [number, number]): void => {
    [from, to] = [Math.max(interval[0], interval[1] - PAGE_SIZE + 1), interval[1]];
  };
  if (typeof wish === 'number') {
    const interval = intervalAt(coverage, wish);
    if (interval !== undefined) {
      // A part of what is around it may be held alone: the rest is fetched.
      resume ??= [Math.max(timeline.start, wish - PAGE_SIZE / 2), Math.min(lastSeq, wish + PAGE_SIZE / 2 - 1)];
      [from, to] = [Math.max(interval[0], resume[0]), Math.min(interval[1], resume[1])];
      [follows, wish] = [to >= lastSeq, null];
    }
  } else if (newest !== undefined && (to < from || (wish === 'newest' && hasNewest))) {
    showEndOf(newest);
    if (hasNewest) wish = null;
  }
  const interval = to < from ? undefined : intervalAt(coverage, to);
  if (interval === undefined) {
    // What was shown is gone (a reset, a new membership): begin anew.
    [from, to, follows] = [1, 0, true];
    if (newest !== undefined) showEndOf(newest);
  } else {
    from = Math.max(from, interval[0]);
    if (follows) {
      to = interval[1];
      // Opened on less than a page, it grows with what becomes known before it.
      if (wish === null && to - from < PAGE_SIZE) from = Math.max(interval[0], Math.min(from, to - PAGE_SIZE + 1));
    }
    if (resume !== undefined) {
      const goal = Math.max(resume[0], timeline.start, to - MAX_WINDOW + 1);
      from = Math.max(interval[0], Math.min(from, goal));
      if (!follows) to = Math.min(interval[1], Math.max(to, resume[1]));
      if (from <= goal && (follows || to >= Math.min(resume[1], lastSeq))) resume = undefined;
    }
    if (wish === 'older' && (from > interval[0] || from <= timeline.start)) {
      from = Math.max(interval[0], from - PAGE_SIZE);
      wish = null;
    } else if (wish === 'newer' && (to < interval[1] || to >= lastSeq)) {
      to = Math.min(interval[1], to + PAGE_SIZE);
      wish = null;
      if (to >= lastSeq) follows = true;
    }
    if (to - from >= MAX_WINDOW) {
      if (window.wish === 'older') [to, follows] = [from + MAX_WINDOW - 1, false];
      else from = to - MAX_WINDOW + 1;
    }
  }
  const isSame =
    from === window.from &&
    to === window.to &&
    follows === window.follows &&
    wish === window.wish &&
    resume === window.resume;
  return isSame ? window : { ...window, from, to, follows, wish, resume };
}

/** The page that a settled window lacks. */
export function lacks(window: Window, timeline: Timeline, lastSeq: number): PageQuery | undefined {
  const { from, to, wish } = window;
  if (typeof wish === 'number') return { around: wish };
  if (window.isPaused) return undefined;
  const isEmpty = to < from;
  if ((window.follows || wish === 'newest') && to < lastSeq && window.unreachable < lastSeq) {
    const isFillable = !isEmpty && wish !== 'newest' && lastSeq - to <= MAX_GAP_FILLED;
    return isFillable ? { after: to } : {};
  }
  if (isEmpty) return undefined;
  const isShort = window.follows && wish === null && to - from + 1 < PAGE_SIZE;
  const { resume } = window;
  const isCutOff = resume !== undefined && !window.follows && to < Math.min(resume[1], lastSeq);
  if (wish === 'newer' || isCutOff) return { after: to };
  return (wish === 'older' || isShort || resume !== undefined) && from > timeline.start ? { before: from } : undefined;
}
