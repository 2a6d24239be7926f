import { isAwaited, isOver, leave } from '../design/back.js';
import { useSyncExternalStore } from '../react.js';

/** A place in the page: what is shown beside the list. */
export type Place =
  | { name: 'home' }
  | { name: 'conversation'; id: string; seq?: number }
  /** `words`: what is looked for. */
  | { name: 'people'; words?: string }
  | { name: 'settings' }
  | { name: 'new' }
  /** For moderators; what is shown there is in the fragment (admin/section.ts): under /admin/ is the API. */
  | { name: 'admin' }
  /** A URL that is none of the page's. */
  | { name: 'nowhere'; path: string };

const listeners = new Set<() => void>();
let current = placeAt(location.pathname);

window.addEventListener('popstate', () => {
  // What was over the place is gone, and the place is the same.
  if (location.pathname !== pathOf(current)) show(placeAt(location.pathname));
});

function placeAt(path: string): Place {
  const [, conversation, seq] = /^\/c\/([\w-]+)(?:\/(\d+))?\/?$/.exec(path) ?? [];
  if (conversation !== undefined)
    return { name: 'conversation', id: conversation, ...(seq === undefined ? {} : { seq: Number(seq) }) };
  const name = /^\/(people|settings|new|admin)\/?$/.exec(path)?.[1];
  if (name !== undefined) return { name: name as 'people' | 'settings' | 'new' | 'admin' };
  return path === '/' ? { name: 'home' } : { name: 'nowhere', path };
}

export function pathOf(place: Place): string {
  if (place.name === 'home') return '/';
  if (place.name === 'nowhere') return place.path;
  if (place.name !== 'conversation') return `/${place.name}`;
  return `/c/${place.id}${place.seq === undefined ? '' : `/${place.seq}`}`;
}

/** `replace` where going back must not lead here. */
export function go(place: Place, { replace = false } = {}): void {
  const path = pathOf(place);
  const from = location.pathname;
  // The place itself is to be replaced, and not what is over it.
  if (replace && path !== from && isOver()) leave();
  if (isAwaited(() => go(place, { replace }))) return show(place);
  // It takes the entry of what is over the place, which would be left behind as one that leads nowhere.
  if (path !== from && isOver()) history.replaceState({ from }, '', path);
  else if (replace || path === from) history.replaceState(history.state, '', path);
  else history.pushState({ from }, '', path);
  show(place);
}

/** To the list: back where the user came from there, else on. */
export function goToList(): void {
  // A tap beside a menu closes the menu, too.
  if (isAwaited(goToList)) return;
  const from = (history.state as { from?: string } | null)?.from;
  if (from === '/') history.back();
  else go({ name: 'home' });
}

/** For what takes a while and then leads on: whether the user has stayed, and would not be moved from elsewhere. */
export function staying(): () => boolean {
  const from = current;
  return () => current === from;
}

export const goToPath = (path: string): void => go(placeAt(path));

export const openConversation = (id: string, seq?: number): void =>
  go({ name: 'conversation', id, ...(seq === undefined ? {} : { seq }) });

function show(place: Place): void {
  current = place;
  for (const listener of [...listeners]) listener();
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => void listeners.delete(listener);
}

export function usePlace(): Place {
  return useSyncExternalStore(subscribe, () => current);
}

/** For a link that works as one (new tab, copy) and stays in the page when it is clicked. */
export function linkTo(place: Place): { href: string; onClick: (event: MouseEvent) => void } {
  return {
    href: pathOf(place),
    onClick: (event) => {
      if (event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
      event.preventDefault();
      go(place);
    },
  };
}
