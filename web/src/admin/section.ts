import { useSyncExternalStore } from '../react.js';

export const SECTIONS = ['reports', 'users', 'audit', 'keys', 'webhooks', 'server'] as const;
export type SectionName = (typeof SECTIONS)[number];

/** What the page shows: a section, or one thing in it. In the fragment, since the paths below /admin are the API's. */
export interface Section {
  name: SectionName;
  id?: string;
}

function current(): string {
  return location.hash;
}

function subscribe(listener: () => void): () => void {
  addEventListener('hashchange', listener);
  return () => removeEventListener('hashchange', listener);
}

export function useSection(): Section {
  const [name, id] = useSyncExternalStore(subscribe, current).slice(1).split('/', 2);
  const known = SECTIONS.find((section) => section === name) ?? 'reports';
  return id === undefined || id === '' ? { name: known } : { name: known, id };
}

export const linkOf = ({ name, id }: Section): string => (id === undefined ? `#${name}` : `#${name}/${id}`);

export const show = (section: Section): void => {
  location.hash = linkOf(section);
};
