import type { User } from '@parley/client';
import type { ComponentChildren } from 'preact';
import { Avatar } from '../design/Avatar.js';

/** A person in a list, and what one can do. */
export function PersonRow({ user, note, children }: { user: User; note?: string; children?: ComponentChildren }) {
  return (
    <li class="person">
      <Avatar id={user.id} name={user.displayName} url={user.avatarUrl} size={40} userId={user.id} />
      <span class="person-text grow">
        <strong class="cut" dir="auto">
          {user.displayName}
        </strong>
        <span class="soft small cut">{note ?? `@${user.username}`}</span>
      </span>
      {children === undefined ? null : <span class="person-actions">{children}</span>}
    </li>
  );
}
