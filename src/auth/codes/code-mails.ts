import type { Mail } from '../../mail/mailer.js';
import type { CodePurpose } from './one-time-codes.js';

const WORDS: Readonly<Record<CodePurpose, { subject: string; purpose: string }>> = {
  VERIFY_EMAIL: { subject: 'Your verification code', purpose: 'To verify your e-mail address' },
  RESET_PASSWORD: { subject: 'Your code for a new password', purpose: 'To set a new password' },
};

/** The message that brings a code: nothing in it comes from a user, so nobody can send their own words with it. */
export function codeMail(to: string, purpose: CodePurpose, code: string, minutes: number): Mail {
  const { subject, purpose: aim } = WORDS[purpose];
  const lines = [
    `${aim}, enter this code:`,
    code,
    `It works once, for ${minutes} minutes. If you did not ask for it, you can ignore this message; never pass it on.`,
  ];
  const [first, , last] = lines;
  return {
    to,
    // The code itself stays out of it: subjects are shown on locked screens.
    subject,
    text: `${lines.join('\n\n')}\n`,
    html: `<!doctype html><html lang="en"><body style="font-family:sans-serif"><p>${first}</p><p style="font-size:28px;letter-spacing:6px"><b>${code}</b></p><p>${last}</p></body></html>`,
  };
}
