import type { Observable } from '../connection/types.js';
import type { Http } from '../http/types.js';
import type { AcceptedFriendRequest, Block, FriendRequest, User } from '../protocol/protocol.generated.js';
import type { SnapshotOf, StoreKey } from '../store/types.js';
import type { Answer } from '../sync/types.js';

export type Observe = <Key extends StoreKey>(key: Key) => Observable<SnapshotOf<Key>>;

/** The lists follow by themselves: by the server's events, and by its answers, since who asks for something gets no event. */
export interface Friends extends Observable<readonly User[]> {
  readonly items: readonly User[];
  /** Pending ones, in both directions. */
  readonly requests: Observable<readonly FriendRequest[]> & { readonly items: readonly FriendRequest[] };
  /** Accepted at once where the other has asked already. */
  request(userId: string): Promise<FriendRequest>;
  accept(requestId: string): Promise<AcceptedFriendRequest>;
  reject(requestId: string): Promise<void>;
  cancel(requestId: string): Promise<void>;
  remove(userId: string): Promise<void>;
  block(userId: string): Promise<void>;
  unblock(userId: string): Promise<void>;
  blocks(cursor?: string): Promise<{ items: Block[]; nextCursor: string | null }>;
}

export function friendsOf(http: Http, observe: Observe, apply: (answer: Answer) => void): Friends {
  const list = observe('friends');
  const requests = observe('friendRequests');
  const post = async <Body>(path: string, body?: object): Promise<Body> =>
    (await http.request<Body>(path, { method: 'POST', body })).body;
  const shown = (request: FriendRequest): FriendRequest => {
    apply({ friendRequests: [request] });
    return request;
  };
  const remove = async (path: string): Promise<void> => void (await http.request(path, { method: 'DELETE' }));
  return {
    ...list,
    get items() {
      return list.getSnapshot();
    },
    requests: {
      ...requests,
      get items() {
        return requests.getSnapshot();
      },
    },
    request: async (userId) => shown(await post<FriendRequest>('/friends/requests', { userId })),
    accept: (requestId) => post(`/friends/requests/${requestId}/accept`),
    reject: async (requestId) => void shown(await post<FriendRequest>(`/friends/requests/${requestId}/reject`)),
    cancel: async (requestId) => {
      await remove(`/friends/requests/${requestId}`);
      const request = requests.getSnapshot().find(({ id }) => id === requestId);
      if (request !== undefined) shown({ ...request, status: 'CANCELLED' });
    },
    remove: (userId) => remove(`/friends/${userId}`),
    block: (userId) => post('/blocks', { userId }),
    unblock: (userId) => remove(`/blocks/${userId}`),
    blocks: async (cursor) =>
      (await http.request<{ items: Block[]; nextCursor: string | null }>('/blocks', { query: { cursor } })).body,
  };
}
