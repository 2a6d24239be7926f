import { ChatError } from '@parley/client';
import { client } from '../chat/client';

export type Step = 'login' | 'register' | 'code';

/** What the forms hold, for one as for the other. */
export const NOTHING = { name: '', displayName: '', username: '', email: '', password: '', otp: '' };

export type Values = typeof NOTHING;

export const emailOf = ({ name, email }: Values): string => (email === '' ? name : email).trim();

/** Logs in one way or another; answers `code` where the server wants the mailed one first. */
export async function enter(step: Step, values: Values): Promise<'done' | 'code'> {
  const { password } = values;
  if (step === 'code') {
    await client.verify({ email: emailOf(values), otp: values.otp.trim() });
    return 'done';
  }
  if (step === 'register') {
    const displayName = values.displayName.trim();
    const name = displayName === '' ? {} : { displayName };
    const account = { username: values.username.trim(), email: emailOf(values), password, ...name };
    return 'verification' in (await client.register(account)) ? 'code' : 'done';
  }
  const name = values.name.trim();
  const isEmail = name.includes('@');
  try {
    await client.login({ ...(isEmail ? { email: name } : { username: name }), password });
    return 'done';
  } catch (error) {
    if (isEmail && error instanceof ChatError && error.code === 'EMAIL_NOT_VERIFIED') return 'code';
    throw error;
  }
}
