import { en } from './en.js';
import type { admin } from './en-admin.js';
import type { more } from './en-more.js';

export type TextName = keyof typeof en | keyof typeof more | keyof typeof admin;
/** Of a language all at once; English comes in parts, since it is in the page itself. */
export type Catalogue = Readonly<Record<TextName, string>>;

/** A language more is a file with the sentences of all three, and a line here; it is fetched by who reads it. */
const CATALOGUES: Readonly<Record<string, () => Promise<Partial<Catalogue>>>> = { en: () => Promise.resolve(en) };

let catalogue: Partial<Catalogue> = en;
let language = 'en';

/** Before anything is drawn. */
export async function loadTexts(wanted: readonly string[] = navigator.languages): Promise<void> {
  const found = wanted.map((tag) => tag.split('-', 1)[0] ?? '').find((name) => name in CATALOGUES) ?? 'en';
  try {
    catalogue = (await CATALOGUES[found]?.()) ?? en;
    language = found;
  } catch {
    // Without a network: English, which is always here.
  }
  document.documentElement.lang = language;
}

/** What was not there yet, in English. What there is stays. */
export function addTexts(added: Partial<Catalogue>): void {
  catalogue = { ...added, ...catalogue };
}

export function t(name: TextName, values: Readonly<Record<string, string | number>> = {}): string {
  return (catalogue[name] ?? name).replace(
    /\{(\w+)(?::([^|}]*)\|([^}]*))?\}/g,
    (whole, key: string, one?: string, more?: string) =>
      one === undefined ? String(values[key] ?? whole) : ((values[key] === 1 ? one : more) ?? ''),
  );
}

export function has(name: string): name is TextName {
  return name in catalogue;
}

/** Times as this device writes them, in its time zone: that which a format was made in stays its own, so it is made anew. */
function format(options: Intl.DateTimeFormatOptions): Pick<Intl.DateTimeFormat, 'format'> {
  let made: Intl.DateTimeFormat | undefined;
  let zone: number;
  return {
    format: (at) => {
      const now = new Date().getTimezoneOffset();
      if (now !== zone) made = undefined;
      zone = now;
      return (made ??= new Intl.DateTimeFormat(undefined, options)).format(at);
    },
  };
}
const TIME = format({ hour: 'numeric', minute: '2-digit' });
const WEEKDAY = format({ weekday: 'long' });
const DAY = format({ day: 'numeric', month: 'long' });
const DAY_AND_YEAR = format({ day: 'numeric', month: 'long', year: 'numeric' });
const SHORT_DAY = format({ day: 'numeric', month: 'short' });
const FULL = format({ dateStyle: 'full', timeStyle: 'short' });
const RELATIVE = new Intl.RelativeTimeFormat(undefined, { numeric: 'auto' });
const DAY_MS = 24 * 3_600_000;

export const timeOf = (at: string): string => TIME.format(new Date(at));
export const fullTimeOf = (at: string): string => FULL.format(new Date(at));

function daysAgo(at: Date, now: Date): number {
  const midnight = (date: Date): number => new Date(date.getFullYear(), date.getMonth(), date.getDate()).getTime();
  return Math.round((midnight(now) - midnight(at)) / DAY_MS);
}

/** The heading of a day of messages. */
export function dayOf(at: string): string {
  const [date, now] = [new Date(at), new Date()];
  const days = daysAgo(date, now);
  if (days <= 1 && days >= 0) return capital(RELATIVE.format(-days, 'day'));
  if (days < 7 && days > 0) return capital(WEEKDAY.format(date));
  return (date.getFullYear() === now.getFullYear() ? DAY : DAY_AND_YEAR).format(date);
}

/** As short as a list needs it: a time today, else a day. */
export function briefTimeOf(at: string): string {
  const date = new Date(at);
  const days = daysAgo(date, new Date());
  return days <= 0 ? TIME.format(date) : days === 1 ? RELATIVE.format(-1, 'day') : SHORT_DAY.format(date);
}

export function agoOf(at: string, now = Date.now()): string {
  const minutes = Math.round((now - Date.parse(at)) / 60_000);
  if (minutes < 60) return RELATIVE.format(-Math.max(0, minutes), 'minute');
  if (minutes < 24 * 60) return RELATIVE.format(-Math.round(minutes / 60), 'hour');
  return briefTimeOf(at);
}

const UNITS = ['byte', 'kilobyte', 'megabyte', 'gigabyte'] as const;

export function sizeOf(bytes: number): string {
  const step = Math.min(3, Math.max(1, Math.floor(Math.log10(Math.max(1, bytes)) / 3)));
  const options = { style: 'unit', unit: UNITS[step] as string, maximumFractionDigits: step < 2 ? 0 : 1 } as const;
  return new Intl.NumberFormat(undefined, options).format(Math.max(step === 1 ? 1 : 0, bytes / 1_000 ** step));
}

export function durationOf(milliseconds: number): string {
  const seconds = Math.max(0, Math.round(milliseconds / 1_000));
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`;
}

export function listOf(names: readonly string[]): string {
  return new Intl.ListFormat(undefined, { type: 'conjunction' }).format(names);
}

function capital(text: string): string {
  return text.charAt(0).toLocaleUpperCase() + text.slice(1);
}
