import type { User } from '@parley/client';
import { useSyncExternalStore } from '../react.js';
import { client } from '../session/client.js';

const MAX_PAGES = 20;

/** Whom one has blocked: asked for once for each user, when a direct conversation is first looked at. */
let owner: string | undefined;
let blocked: ReadonlySet<string> = new Set();
const listeners = new Set<() => void>();

function show(next: Iterable<string>): void {
  blocked = new Set(next);
  for (const listener of [...listeners]) listener();
}

async function load(): Promise<void> {
  const { userId } = client;
  if (owner === userId) return;
  owner = userId;
  blocked = new Set();
  try {
    let cursor: string | undefined;
    for (let page = 0; page < MAX_PAGES; page += 1) {
      const { items, nextCursor } = await client.friends.blocks(cursor);
      if (client.userId !== userId) return;
      show([...blocked, ...items.map(({ user }) => user.id)]);
      if (nextCursor === null) return;
      cursor = nextCursor;
    }
  } catch {
    // Without a network: asked again with the next conversation.
    if (owner === userId) owner = undefined;
  }
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  void load();
  return () => listeners.delete(listener);
}

export function useIsBlocked(user: User | undefined): boolean {
  return useSyncExternalStore(subscribe, () => user !== undefined && blocked.has(user.id));
}

export async function block(userId: string): Promise<void> {
  await client.friends.block(userId);
  show([...blocked, userId]);
}

export async function unblock(userId: string): Promise<void> {
  await client.friends.unblock(userId);
  show([...blocked].filter((id) => id !== userId));
}
