import { Drawing, Icon, type IconName } from './Icon.js';

/** Icons that only parts of the page name that are fetched later. */
const MORE_PATHS = {
  archive: 'M4 5h16v4H4zM5.5 9v10h13V9M10 13h4',
  bell: 'M6 16V11a6 6 0 0 1 12 0v5l1.5 2h-15zM10 21h4',
  block: 'M12 3.5a8.5 8.5 0 1 0 0 17 8.5 8.5 0 0 0 0-17zM6 6l12 12',
  close: 'M6 6l12 12M18 6L6 18',
  copy: 'M9 9h10v11H9zM15 9V4H5v11h4',
  download: 'M12 4v11M7 11l5 5 5-5M5 20h14',
  logout: 'M10 4H5v16h5M14 8l4 4-4 4M18 12H9',
  pause: 'M8.5 5.5v13M15.5 5.5v13',
  play: 'M8 5.5v13l10.5-6.5z',
  stop: 'M7 7h10v10H7z',
  trash: 'M5 7h14M10 4h4M7 7l1 13h8l1-13M10.5 11v5M13.5 11v5',
} as const;

export type AnyIconName = IconName | keyof typeof MORE_PATHS;

/** Any icon, for parts of the page that are fetched later. */
export function AnyIcon({ name, size }: { name: AnyIconName; size?: number }) {
  return isMore(name) ? <Drawing path={MORE_PATHS[name]} size={size} /> : <Icon name={name} size={size} />;
}

const isMore = (name: AnyIconName): name is keyof typeof MORE_PATHS => name in MORE_PATHS;
