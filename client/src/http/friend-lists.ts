import type { Conversation, FriendRequestItem, User } from '../protocol/protocol.generated.js';
import type { Http } from './types.js';

/** How many pages of a list are read at most: what is beyond, nobody scrolls to. */
const MAX_PAGES = 50;

/** The same where it is only about who is online. */
const MAX_PRESENCE_PAGES = 2;
/** As many as are on a screen, and some more. */
const PRESENCE_CONVERSATIONS = 20;

/** The friends, and the requests that wait for an answer, whole. */
export async function fetchFriends(http: Http): Promise<{ friends: User[]; requests: FriendRequestItem[] }> {
  const [friends, incoming, outgoing] = await Promise.all([
    allPages<User>(http, '/friends', {}),
    allPages<FriendRequestItem>(http, '/friends/requests', { direction: 'incoming', status: 'PENDING' }),
    allPages<FriendRequestItem>(http, '/friends/requests', { direction: 'outgoing', status: 'PENDING' }),
  ]);
  return { friends, requests: [...incoming, ...outgoing] };
}

/** Those whose presence is shown in lists: friends, and members of the newest conversations. Sync has it only of who changed. */
export async function fetchPresent(http: Http): Promise<User[]> {
  const [friends, conversations] = await Promise.all([
    allPages<User>(http, '/friends', {}, MAX_PRESENCE_PAGES),
    allPages<Conversation>(http, '/conversations', {}, 1, PRESENCE_CONVERSATIONS),
  ]);
  return [...friends, ...conversations.flatMap(({ members }) => members.map(({ user }) => user))];
}

async function allPages<Item>(
  http: Http,
  path: string,
  query: Record<string, string>,
  maxPages = MAX_PAGES,
  limit = 100,
): Promise<Item[]> {
  const items: Item[] = [];
  let cursor: string | undefined;
  for (let page = 0; page < maxPages; page += 1) {
    const { body } = await http.request<{ items: Item[]; nextCursor: string | null }>(path, {
      query: { ...query, limit, cursor },
      expects: 'items',
    });
    items.push(...body.items);
    if (body.nextCursor === null) break;
    cursor = body.nextCursor;
  }
  return items;
}
