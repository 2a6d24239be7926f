import type { Observable } from '../connection/types.js';
import type { AcceptedFriendRequest, Block, FriendRequest, User } from '../protocol/protocol.generated.js';
import type { SnapshotOf, StoreKey } from '../store/types.js';
import { deferredCalls } from '../protocol/deferred.js';

export type Observe = <Key extends StoreKey>(key: Key) => Observable<SnapshotOf<Key>>;

export interface FriendCalls {
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

/** The lists follow by themselves: by the server's events, and by its answers, since who asks for something gets no event. */
export interface Friends extends Observable<readonly User[]>, FriendCalls {
  readonly items: readonly User[];
  /** Pending ones, in both directions. */
  readonly requests: Observable<readonly FriendRequest[]> & { readonly items: readonly FriendRequest[] };
}

export function friendsOf(observe: Observe, load: () => Promise<FriendCalls>): Friends {
  const list = observe('friends');
  const requests = observe('friendRequests');
  const calls = ['request', 'accept', 'reject', 'cancel', 'remove', 'block', 'unblock', 'blocks'] as const;
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
    ...deferredCalls(calls, load),
  };
}
