import type { Observable } from '../connection/types.js';
import type { OwnUser, UpdateProfile, User } from '../protocol/protocol.generated.js';
import { deferredCalls } from '../protocol/deferred.js';
import type { Observe } from './friends.js';

export interface UserCalls {
  fetch(userId: string): Promise<User>;
  /** By the beginning of a username or display name. */
  search(text: string, cursor?: string): Promise<{ items: User[]; nextCursor: string | null }>;
  update(profile: UpdateProfile): Promise<OwnUser>;
}

export interface Users extends UserCalls {
  /** Oneself. */
  readonly me: Observable<User | undefined>;
  /** A profile as this device knows it; undefined until it was met. */
  get(userId: string): Observable<User | undefined>;
}

export function usersOf(observe: Observe, load: () => Promise<UserCalls>): Users {
  return {
    me: observe('me'),
    get: (userId) => observe(`user:${userId}`),
    ...deferredCalls(['fetch', 'search', 'update'], load),
  };
}
