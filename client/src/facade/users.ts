import type { Observable } from '../connection/types.js';
import type { Http } from '../http/types.js';
import type { OwnUser, UpdateProfile, User } from '../protocol/protocol.generated.js';
import type { Answer } from '../sync/types.js';
import type { Observe } from './friends.js';

export interface Users {
  /** Oneself. */
  readonly me: Observable<User | undefined>;
  /** A profile as this device knows it; undefined until it was met. */
  get(userId: string): Observable<User | undefined>;
  fetch(userId: string): Promise<User>;
  /** By the beginning of a username or display name. */
  search(text: string, cursor?: string): Promise<{ items: User[]; nextCursor: string | null }>;
  update(profile: UpdateProfile): Promise<OwnUser>;
}

export function usersOf(http: Http, observe: Observe, apply: (answer: Answer) => void): Users {
  /** Met: its profile is known from now on. */
  const met = (users: readonly User[]): void => apply({ users });
  return {
    me: observe('me'),
    get: (userId) => observe(`user:${userId}`),
    fetch: async (userId) => {
      const { body } = await http.request<User>(`/users/${userId}`);
      met([body]);
      return body;
    },
    search: async (search, cursor) => {
      const query = { search, cursor };
      const { body } = await http.request<{ items: User[]; nextCursor: string | null }>('/users', { query });
      met(body.items);
      return body;
    },
    update: async (body) => (await http.request<OwnUser>('/users/me', { method: 'PATCH', body })).body,
  };
}
