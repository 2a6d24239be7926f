import type { FriendRequestItem, User } from '../protocol/protocol.generated.js';
import type { Http } from './types.js';

/** How many pages of a list are read at most: what is beyond, nobody scrolls to. */
const MAX_PAGES = 50;

/** The friends, and the requests that wait for an answer, whole. */
export async function fetchFriends(http: Http): Promise<{ friends: User[]; requests: FriendRequestItem[] }> {
  const [friends, incoming, outgoing] = await Promise.all([
    allPages<User>(http, '/friends', {}),
    allPages<FriendRequestItem>(http, '/friends/requests', { direction: 'incoming', status: 'PENDING' }),
    allPages<FriendRequestItem>(http, '/friends/requests', { direction: 'outgoing', status: 'PENDING' }),
  ]);
  return { friends, requests: [...incoming, ...outgoing] };
}

async function allPages<Item>(http: Http, path: string, query: Record<string, string>): Promise<Item[]> {
  const items: Item[] = [];
  let cursor: string | undefined;
  for (let page = 0; page < MAX_PAGES; page += 1) {
    const { body } = await http.request<{ items: Item[]; nextCursor: string | null }>(path, {
      query: { ...query, limit: 100, cursor },
      expects: 'items',
    });
    items.push(...body.items);
    if (body.nextCursor === null) break;
    cursor = body.nextCursor;
  }
  return items;
}
