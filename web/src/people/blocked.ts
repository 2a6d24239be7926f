import type { User } from '@parley/client';
import { useEffect, useSyncExternalStore } from '../react.js';
import { client } from '../session/client.js';

const MAX_PAGES = 20;

/**
 * Whom one has blocked. The server says nothing when another tab or device changes it: asked for whenever a direct conversation
 * is opened, or looked at again.
 */
let owner: string | undefined;
let blocked: ReadonlySet<string> = new Set();
/** Rises with each question and each change: an answer to an older question is not shown. */
let version = 0;
const listeners = new Set<() => void>();

function show(next: Iterable<string>): void {
  version += 1;
  blocked = new Set(next);
  for (const listener of [...listeners]) listener();
}

async function load(): Promise<void> {
  const { userId } = client;
  if (owner !== userId) show([]);
  owner = userId;
  const asked = (version += 1);
  const found: string[] = [];
  let cursor: string | undefined;
  for (let page = 0; page < MAX_PAGES; page += 1) {
    const { items, nextCursor } = await client.friends.blocks(cursor);
    if (client.userId !== userId || version !== asked) return;
    found.push(...items.map(({ user }) => user.id));
    if (nextCursor === null) break;
    cursor = nextCursor;
  }
  show(found);
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** Without a network what was known stays. */
const lookAtBlocked = (): void => void load().catch(() => undefined);

export function useIsBlocked(user: User | undefined): boolean {
  const id = user?.id;
  useEffect(() => {
    if (id === undefined) return;
    const look = (): void => {
      if (document.visibilityState === 'visible') lookAtBlocked();
    };
    lookAtBlocked();
    document.addEventListener('visibilitychange', look);
    return () => document.removeEventListener('visibilitychange', look);
  }, [id]);
  return useSyncExternalStore(subscribe, () => id !== undefined && blocked.has(id));
}

export async function block(userId: string): Promise<void> {
  await client.friends.block(userId);
  show([...blocked, userId]);
}

export async function unblock(userId: string): Promise<void> {
  await client.friends.unblock(userId);
  show([...blocked].filter((id) => id !== userId));
}
