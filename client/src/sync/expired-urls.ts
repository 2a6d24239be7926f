import type { Message } from '../protocol/protocol.generated.js';
import { cover, covers } from './coverage.js';
import { PAGE_SIZE, rowsBetween } from './message-rows.js';
import type { PageQuery, Timeline, Window } from './state.js';

/** What expires so soon counts as expired: a picture may be fetched somewhat later than it is shown. */
const MARGIN_MS = 60_000;
/** How often what is shown is looked through, also where nothing happens: less than the margin, and timers may be a quarter late. */
export const LOOK_THROUGH_MS = 45_000;
/** Within that no message is asked for twice for the sake of its URLs, whatever the server answers. */
const MIN_PAUSE_MS = 60_000;

/** URLs of this server's files say themselves, in seconds, until when they are good (docs/attachments.md). */
function hasExpired({ attachments = [], linkPreview }: Partial<Message>, now: number): boolean {
  const urls = [linkPreview?.imageUrl, ...attachments.map(({ url }) => url)];
  return urls.some((url) => Number(/^\/.*[?&]expires=(\d+)/.exec(url ?? '')?.[1]) * 1_000 < now + MARGIN_MS);
}

/**
 * The page that brings fresh URLs for what a window shows, the newest first; undefined where none is due.
 * @param now in milliseconds since 1970, by the server's clock
 */
export function renewal(
  window: Window,
  timeline: Timeline,
  now: number,
): (Pick<Window, 'renewed'> & { loading: PageQuery }) | undefined {
  const { from, to, renewed } = window;
  const { asked, at } = renewed !== undefined && now < renewed.at + MIN_PAUSE_MS ? renewed : { asked: [], at: now };
  const row = [...rowsBetween(timeline.rows, from, to)]
    .reverse()
    .find((message) => !covers(asked, message.seq, message.seq) && hasExpired(message, now));
  if (row === undefined) return undefined;
  const around = Math.max(timeline.start, row.seq - PAGE_SIZE / 2 + 1);
  return {
    loading: { around },
    renewed: { asked: cover(asked, around - PAGE_SIZE / 2, around + PAGE_SIZE / 2 - 1), at },
  };
}
