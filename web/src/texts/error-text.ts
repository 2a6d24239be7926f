import { ChatError } from '@parley/client';
import { fullTimeOf, has, t } from './texts.js';

const MINUTE_MS = 60_000;

/** Why something failed, in words. */
export function errorText(error: unknown): string {
  if (!(error instanceof ChatError)) return error instanceof Error ? error.message : String(error);
  if (error.code === 'ACCOUNT_SUSPENDED') return suspensionText(error);
  const { code, message, retryAfterMs = 0 } = error;
  if (code === 'RATE_LIMITED' && retryAfterMs >= MINUTE_MS && has('error.RATE_LIMITED.minutes'))
    return t('error.RATE_LIMITED.minutes', { count: Math.ceil(retryAfterMs / MINUTE_MS) });
  return reasonText(code, message, Object.values(error.errors ?? {}).flat()[0]);
}

/** Until when, and why: as the moderator has written for who is suspended, or what was reported. */
export function suspensionText({ until, reason }: Partial<Pick<ChatError, 'until' | 'reason'>>): string {
  const text = until == null ? t('connection.suspended') : t('connection.suspendedUntil', { until: fullTimeOf(until) });
  if (reason == null) return text;
  const category = `report.${reason}`;
  const isCategory = reason === reason.toUpperCase() && has(category);
  return `${text} ${t('connection.suspendedReason', { reason: isCategory ? t(category) : reason })}`;
}

/** @param detail what exactly is wrong, where the server says so: its words. */
export function reasonText(code: string, message: string, detail?: string): string {
  if (detail !== undefined) return sentence(detail);
  const name = `error.${code}`;
  return has(name) ? t(name) : message;
}

/** What is wrong with a field of a form: the server's words, one sentence. */
export function fieldFaults(error: unknown): Readonly<Record<string, string>> {
  if (!(error instanceof ChatError)) return {};
  if (error.code === 'EMAIL_TAKEN') return { email: t('error.EMAIL_TAKEN') };
  if (error.code === 'USERNAME_TAKEN') return { username: t('error.USERNAME_TAKEN') };
  const faults = Object.entries(error.errors ?? {}).map(([field, messages]) => [field, sentence(messages[0] ?? '')]);
  return Object.fromEntries(faults) as Record<string, string>;
}

function sentence(text: string): string {
  return text === '' ? '' : `${text.charAt(0).toUpperCase()}${text.slice(1).replace(/\.?$/, '.')}`;
}
