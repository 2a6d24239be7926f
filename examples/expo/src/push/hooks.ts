import type { PushSnapshot, PushTarget } from '@parley/client/react-native';
import { useObservable } from '@parley/client/react';
import { useEffect } from 'react';
import { AppState } from 'react-native';
import { type Route, useNavigation } from '../navigation/context';
import { push } from './push';

const NONE = { getSnapshot: () => undefined, subscribe: () => () => undefined };

/** Undefined where this app cannot have any. */
export function usePush(): PushSnapshot | undefined {
  return useObservable<PushSnapshot | undefined, PushSnapshot | undefined>(push ?? NONE, (snapshot) => snapshot);
}

/** A tap leads to what the notification was about, and the settings of the phone are looked at again on return. */
export function usePushTaps(): void {
  const { reset } = useNavigation();
  useEffect(() => push?.onTap((target) => reset(...routesTo(target))), [reset]);
  useEffect(() => {
    const subscription = AppState.addEventListener('change', (state) => {
      if (state === 'active') push?.lookAgain().catch(() => undefined);
    });
    return () => subscription.remove();
  }, []);
}

function routesTo({ kind, conversationId }: PushTarget): Route[] {
  if (kind === 'friend_request') return [{ name: 'friends' }];
  return conversationId === undefined ? [] : [{ name: 'chat', conversationId }];
}
