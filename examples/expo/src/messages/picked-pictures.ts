import type { UploadSource } from '@parley/client';
import { useCallback, useSyncExternalStore } from 'react';
import { client } from '../chat/client';

export interface PickedPicture {
  uri: string;
  source: UploadSource | globalThis.File;
}

const NONE: readonly PickedPicture[] = [];
/** By user and conversation: a part of a draft, which outlives the screen and the session. */
const picked = new Map<string, readonly PickedPicture[]>();
const listeners = new Set<() => void>();

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => void listeners.delete(listener);
}

function changed(): void {
  for (const listener of [...listeners]) listener();
}

type Change = (held: readonly PickedPicture[]) => readonly PickedPicture[];

/** Pictures that were picked for a conversation and not sent. */
export function usePickedPictures(conversationId: string): [readonly PickedPicture[], (change: Change) => void] {
  const key = `${client.userId ?? ''} ${conversationId}`;
  const pictures = useSyncExternalStore(subscribe, () => picked.get(key) ?? NONE);
  const change = useCallback(
    (next: Change) => {
      picked.set(key, next(picked.get(key) ?? NONE));
      changed();
    },
    [key],
  );
  return [pictures, change];
}

export function forgetPickedPictures(): void {
  picked.clear();
  changed();
}
