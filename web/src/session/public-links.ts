import { PARAMETER } from './invitation.js';

export function invitationLink(username: string, origin = location.origin): string {
  return `${origin}/?${PARAMETER}=${encodeURIComponent(username)}`;
}

/** This very machine under its other name: to a browser another site, where another person can be logged in. */
export function secondPersonLink(username: string): string | undefined {
  const other = { localhost: '127.0.0.1', '127.0.0.1': 'localhost' }[location.hostname];
  if (other === undefined) return undefined;
  const url = new URL(location.origin);
  url.hostname = other;
  return invitationLink(username, url.origin);
}
