import { ChatError } from '@parley/client';

const REASONS: Partial<Record<string, string>> = {
  NETWORK: 'The server was not reached. Check the network, and that it is running.',
  TIMEOUT: 'The server did not answer in time.',
  INVALID_CREDENTIALS: 'Name or password is wrong.',
  EMAIL_TAKEN: 'This e-mail address already has an account.',
  USERNAME_TAKEN: 'This username is taken.',
  EMAIL_NOT_VERIFIED: 'Log in with your e-mail address to enter the code that was mailed to it.',
  OTP_INVALID: 'The code is wrong.',
  OTP_EXPIRED: 'The code is too old.',
  CANNOT_MESSAGE: 'You cannot write to this person.',
  EDIT_WINDOW_CLOSED: 'It is too late to edit this message.',
  NOT_FOUND: 'Not found.',
  RATE_LIMITED: 'Too much at once. Try again in a moment.',
  PAYLOAD_TOO_LARGE: 'The file is too large.',
  UNSUPPORTED_MEDIA: 'This kind of file is not taken.',
  UNREADABLE_FILE: 'The file cannot be read any more.',
  STORAGE: 'This device can keep nothing more.',
  UNEXPECTED_ANSWER: 'Something else answers at the URL of the server.',
};

/** Why something failed, in words. */
export function reasonOf({ code, message }: { code?: string; message: string }): string {
  return (code === undefined ? undefined : REASONS[code]) ?? message;
}

export function errorText(error: unknown): string {
  return error instanceof Error ? reasonOf(error) : String(error);
}

/** What is wrong with a field of a form. */
export function faultOf(error: unknown, field: string): string | undefined {
  const [fault] = (error instanceof ChatError ? error.errors?.[field] : undefined) ?? [];
  return fault === undefined ? undefined : `${fault.charAt(0).toUpperCase()}${fault.slice(1).replace(/\.?$/, '.')}`;
}

const time = (at: string, options: Intl.DateTimeFormatOptions): string =>
  new Intl.DateTimeFormat(undefined, options).format(new Date(at));

export const timeOf = (at: string): string => time(at, { hour: '2-digit', minute: '2-digit' });

const DAY_MS = 86_400_000;

export function dayOf(at: string): string {
  const now = Date.now();
  if (isSameDay(at, now)) return 'Today';
  if (isSameDay(at, now - DAY_MS)) return 'Yesterday';
  return time(at, { weekday: 'long', day: 'numeric', month: 'long' });
}

/** As short as says enough: the time, the day of the week, the date. */
export function briefTimeOf(at: string): string {
  const age = Date.now() - Date.parse(at);
  if (isSameDay(at, Date.now())) return timeOf(at);
  return time(at, age < 6 * DAY_MS ? { weekday: 'short' } : { day: 'numeric', month: 'short' });
}

export const isSameDay = (at: string, as: string | number): boolean =>
  new Date(at).toDateString() === new Date(as).toDateString();
