import { randomInt } from 'node:crypto';
import { DELETED_USERNAME } from '../views/users.view.js';

/** Stored and compared in lower case. */
export const USERNAME_PATTERN = /^[a-z0-9_.-]{3,32}$/;
const MAX_USERNAME_LENGTH = 32;
const MIN_USERNAME_LENGTH = 3;

export function isReserved(username: string): boolean {
  return username === DELETED_USERNAME;
}

/**
 * A username for somebody who chose none: the e-mail's local part as far as it fits, with random digits where that is
 * too short, reserved, or was taken at an earlier attempt. More digits the more attempts failed.
 * @param attempt from 0
 * @param digits random digits, so many
 */
export function derivedUsername(
  email: string,
  attempt: number,
  digits: (count: number) => string = randomDigits,
): string {
  const [local = ''] = email.toLowerCase().split(/[@+]/);
  const base = local
    .normalize('NFKD')
    .replace(/[^a-z0-9_.-]/g, '')
    .slice(0, MAX_USERNAME_LENGTH);
  if (attempt === 0 && base.length >= MIN_USERNAME_LENGTH && !isReserved(base)) return base;
  const count = Math.min(4 + attempt, 12);
  return `${base.slice(0, MAX_USERNAME_LENGTH - count) || 'user'}${digits(count)}`;
}

function randomDigits(count: number): string {
  return Array.from({ length: count }, () => randomInt(10)).join('');
}
