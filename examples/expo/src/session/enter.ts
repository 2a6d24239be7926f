import { ChatError, type ErrorCode } from '@parley/client';
import { client } from '../chat/client';
import { withoutAt } from '../chat/names';
import { serverUrl } from '../chat/server';

export type Step = 'login' | 'register' | 'code';

/** What the forms hold, for one as for the other. */
export const NOTHING = { name: '', displayName: '', username: '', email: '', password: '', otp: '' };

export type Values = typeof NOTHING;

/**
 * Logs in one way or another. Where the server wants a code first, returns the address that it was mailed to, which is
 * `mailedTo` of the next step.
 */
export async function enter(step: Step, values: Values, mailedTo: string): Promise<string | undefined> {
  const { password } = values;
  if (step === 'code') {
    await client.verify({ email: mailedTo, otp: values.otp.trim() });
    return undefined;
  }
  if (step === 'register') {
    const displayName = values.displayName.trim();
    const name = displayName === '' ? {} : { displayName };
    const email = values.email.trim();
    const account = { username: values.username.trim(), email, password, ...name };
    return 'verification' in (await client.register(account)) ? email : undefined;
  }
  const name = withoutAt(values.name);
  const isEmail = name.includes('@');
  try {
    await client.login({ ...(isEmail ? { email: name } : { username: name }), password });
    return undefined;
  } catch (error) {
    if (isEmail && error instanceof ChatError && error.code === 'EMAIL_NOT_VERIFIED') return name;
    throw error;
  }
}

/** A call that needs no session, so the client's own (which does) cannot make it. */
export async function mailAnotherCode(email: string): Promise<void> {
  const headers = { 'content-type': 'application/json', accept: 'application/json' };
  const request = { method: 'POST', headers, body: JSON.stringify({ email }) };
  const response = await fetch(`${serverUrl}/auth/resend-otp`, request).catch((cause: unknown) => {
    throw new ChatError('NETWORK', 'The server was not reached.', { cause });
  });
  if (response.ok) return;
  const problem = (await response.json().catch(() => ({}))) as { code?: ErrorCode; detail?: string };
  const { code = 'UNEXPECTED_ANSWER', detail = `The server answered ${response.status}.` } = problem;
  throw new ChatError(code, detail);
}
