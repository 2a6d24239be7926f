/** Drawn on a grid of 24, by strokes. */
const PATHS = {
  attach: 'm19 11.5-7 7a4.6 4.6 0 0 1-6.5-6.5l7.5-7.5a3 3 0 0 1 4.3 4.3l-7.5 7.4a1.5 1.5 0 0 1-2.1-2.1l6.6-6.6',
  back: 'M15 5l-7 7 7 7',
  bellOff: 'M6 16V11c0-1 .2-1.9.6-2.7M9 5.8A6 6 0 0 1 18 11v5M4.5 18H17M10 21h4M4 4l16 16',
  check: 'M5 12.5l4.5 4.5L19 7.5',
  checks: 'M2.5 12.5 7 17l8-9M11 16l1 1 9.5-9.5',
  clock: 'M12 4a8 8 0 1 0 0 16 8 8 0 0 0 0-16zM12 8v4.5l3 1.5',
  down: 'M12 5v13M6 12.5l6 6 6-6',
  edit: 'M4 20l1-4L16 5l3 3L8 19zM14 7l3 3',
  file: 'M7 3h7l4 4v14H7zM14 3v4h4',
  link: 'M10 14a4 4 0 0 0 5.7 0l3-3A4 4 0 0 0 13 5.3l-1 1M14 10a4 4 0 0 0-5.7 0l-3 3a4 4 0 0 0 5.7 5.7l1-1',
  mic: 'M12 3.5a2.8 2.8 0 0 0-2.8 2.8v5a2.8 2.8 0 0 0 5.6 0v-5A2.8 2.8 0 0 0 12 3.5zM6 11a6 6 0 0 0 12 0M12 17v3.5',
  more: 'M5.5 12h.01M12 12h.01M18.5 12h.01',
  people:
    'M9 5a3.3 3.3 0 1 0 0 6.6A3.3 3.3 0 0 0 9 5zM3 20c0-3.6 2.6-5.6 6-5.6s6 2 6 5.6M16 5.5a3 3 0 0 1 0 5.7M17.5 14.8c2.2.6 3.5 2.4 3.5 5.2',
  pin: 'M9 4h6l-.7 6 3.2 3.5H6.5L9.7 10zM12 13.5V21',
  plus: 'M12 5v14M5 12h14',
  reply: 'M10 6 4 12l6 6M4.5 12H14c4 0 6 2.5 6 6.5',
  search: 'M11 4.5a6.5 6.5 0 1 0 0 13 6.5 6.5 0 0 0 0-13zM16 16l4.5 4.5',
  send: 'M4.5 12 4 4.5 20.5 12 4 19.5zM4.5 12H12',
  settings: 'M4 7h9M17 7h3M4 17h3M11 17h9M15 4.8v4.4M9 14.8v4.4',
  smile: 'M12 3.5a8.5 8.5 0 1 0 0 17 8.5 8.5 0 0 0 0-17zM8.5 14c.8 1.5 2 2.2 3.5 2.2s2.7-.7 3.5-2.2M9 9.5v.5M15 9.5v.5',
  warning: 'M12 4 2.8 20h18.4zM12 10v4.5M12 17.2v.1',
} as const;

export type IconName = keyof typeof PATHS;

/** Never alone: what it means stands beside it, or is the label of what it is in. */
export function Icon({ name, size }: { name: IconName; size?: number | undefined }) {
  return <Drawing path={PATHS[name]} size={size} width={name === 'more' ? 2.6 : 1.7} />;
}

export function Drawing({ path, size = 20, width = 1.7 }: { path: string; size?: number | undefined; width?: number }) {
  return (
    <svg
      width={size}
      height={size}
      viewBox="0 0 24 24"
      fill="none"
      stroke="currentColor"
      stroke-width={width}
      stroke-linecap="round"
      stroke-linejoin="round"
      aria-hidden="true"
      focusable="false"
    >
      <path d={path} />
    </svg>
  );
}
