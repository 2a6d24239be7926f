import { useCallback, useEffect, useSyncExternalStore } from '../../react.js';
import { client } from '../../session/client.js';

const stored = () => import('./stored-files.js');

const NONE: readonly File[] = [];
/** By user and conversation; undefined is not looked up yet. */
const picked = new Map<string, readonly File[]>();
const listeners = new Set<() => void>();

const keyOf = (conversationId: string): string => `${client.userId ?? ''} ${conversationId}`;

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => void listeners.delete(listener);
}

function show(key: string, files: readonly File[]): void {
  picked.set(key, files);
  for (const listener of [...listeners]) listener();
}

/** Others are picked, and shown at once. Those of before are kept until they are `copied` into a message. */
export type PickFiles = (files: readonly File[], copied?: Promise<unknown>) => void;

/**
 * Files that were picked for a conversation and not sent: a part of its draft, which outlives a reload and the session.
 * Where the browser keeps no files they stay as long as the page.
 */
export function usePickedFiles(conversationId: string): readonly [readonly File[], PickFiles] {
  const key = keyOf(conversationId);
  const files = useSyncExternalStore(subscribe, () => picked.get(key) ?? NONE);
  useEffect(() => {
    const read = (): void => {
      const before = picked.get(key);
      stored()
        .then(async ({ readFiles }) => {
          const found = await readFiles(key, before);
          // What was picked meanwhile is newer.
          if (found !== before && picked.get(key) === before) show(key, found);
        })
        .catch(() => undefined);
    };
    read();
    // Another tab may have sent them, or picked some more.
    addEventListener('focus', read);
    return () => removeEventListener('focus', read);
  }, [key]);
  const pick = useCallback<PickFiles>(
    (next, copied) => {
      show(key, next);
      stored()
        .then(({ storeFiles }) => storeFiles(key, next, copied))
        .catch(() => undefined);
    },
    [key],
  );
  return [files, pick];
}

/** Those of this page alone: what the browser keeps of them is removed with `removeFiles`. */
export function forgetPickedFiles(): void {
  picked.clear();
}
