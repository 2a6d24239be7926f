/** What an API key may be allowed (contract, section 9). */
export const KEY_SCOPES = [
  'messages:write',
  'users:read',
  'users:write',
  'conversations:read',
  'conversations:write',
  'webhooks:write',
] as const;
export type KeyScope = (typeof KEY_SCOPES)[number];

/** How every API key begins: no access token does. */
export const KEY_PREFIX = 'pk_';
