import { invalidField } from '../common/errors.js';

/** The picture of a user or a group: an upload of ours, one that lies elsewhere, or none. */
export interface Avatar {
  avatarId: string | null;
  /** https, and never of this server. */
  avatarUrl: string | null;
}

/** What somebody asks for: an upload of its own or a URL, null for none; neither where the picture stays. */
export interface AvatarChoice {
  avatarId?: string | undefined;
  avatarUrl?: string | null | undefined;
}

/** @throws DomainError VALIDATION_FAILED where both are given. */
export function requireOneAvatar({ avatarId, avatarUrl }: AvatarChoice): void {
  if (avatarId !== undefined && avatarUrl !== undefined)
    throw invalidField('avatarId', 'at most one of avatarId and avatarUrl may be given');
}

/**
 * An SQL expression: the `avatarUrl` that is shown. It has no expiry, since a picture is shown to strangers anyway.
 * @param owner a table, or its alias, with `avatar_id` and `avatar_url`
 */
export function shownAvatar(owner: string): string {
  return `COALESCE('/avatars/' || ${owner}.avatar_id, ${owner}.avatar_url)`;
}
