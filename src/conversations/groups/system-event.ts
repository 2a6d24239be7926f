import type { SystemEventView } from '../../views/system-event.view.js';

/** Users that an event lists: one that a thousand members receive is not to carry a thousand ids. */
const MAX_LISTED_USERS = 100;
/** Users that its sentence names. `shown_event` of the database brings the names of as many. */
const MAX_NAMED_USERS = 3;

/** What happened, as it is read from the database (`shown_event`): with display names by user id. */
export type ShownEvent = SystemEventView & { names: Record<string, string> | null };

/** The users of an event, as far as it lists them, and how many there are. */
export function listed(userIds: readonly string[]): Pick<SystemEventView, 'userIds' | 'userCount'> {
  return userIds.length <= MAX_LISTED_USERS
    ? { userIds: [...userIds] }
    : { userIds: userIds.slice(0, MAX_LISTED_USERS), userCount: userIds.length };
}

/** The sentence for an event, with the names that people have now: it is made anew whenever it is shown. */
export function systemSentence(event: SystemEventView, names: ReadonlyMap<string, string>): string {
  const { type, actorId, userIds, userCount = userIds.length, title, role } = event;
  const name = (userId: string): string => names.get(userId) ?? 'somebody';
  const actor = name(actorId);
  const users =
    userIds.slice(0, MAX_NAMED_USERS).map(name).join(', ') +
    (userCount > MAX_NAMED_USERS ? ` and ${userCount - MAX_NAMED_USERS} more` : '');
  switch (type) {
    case 'GROUP_CREATED':
      return title === undefined ? `${actor} created the group` : `${actor} created "${title}"`;
    case 'MEMBERS_ADDED':
      return `${actor} added ${users}`;
    case 'MEMBER_REMOVED':
      return `${actor} removed ${users}`;
    case 'MEMBER_LEFT':
      return `${actor} left`;
    case 'ROLE_CHANGED':
      return role === undefined
        ? `${actor} changed the role of ${users}`
        : `${actor} made ${users} ${role.toLowerCase()}`;
    case 'GROUP_CHANGED':
      return title === undefined ? `${actor} changed the group` : `${actor} named the group "${title}"`;
  }
}

/** The sentence of an event as it is read from the database. */
export function shownSentence({ names, ...event }: ShownEvent): string {
  return systemSentence(event, new Map(Object.entries(names ?? {})));
}

/** The event without the names that were read with it. */
export function eventView(shown: ShownEvent): SystemEventView {
  const { names, ...event } = shown;
  void names;
  return event;
}
