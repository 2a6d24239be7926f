import { useConnection } from '@parley/client/react';
import { type ReactNode, useEffect, useMemo, useRef, useState } from 'react';
import { Platform, View } from 'react-native';
import { client } from '../chat/client';
import { ConversationsScreen } from '../conversations/ConversationsScreen';
import { FriendsScreen } from '../friends/FriendsScreen';
import { ChatScreen } from '../messages/ChatScreen';
import { SettingsScreen } from '../settings/SettingsScreen';
import { Card } from './Card';
import { NavigationContext, type Route, useNavigation } from './context';
import { goBack, onSystemBack, pushed } from './history';

const HOME: readonly Route[] = [{ name: 'conversations' }];

interface Held {
  /** Whose screens they are; undefined before the first of them was opened. */
  userId: string | undefined;
  stack: readonly Route[];
}

/** Above the log-in, so that who logs in again goes on where they were; another user begins at the list. */
export function NavigationProvider({ children }: { children: ReactNode }) {
  const [held, setHeld] = useState<Held>({ userId: undefined, stack: HOME });
  // Whenever that changes, somebody else may be here.
  useConnection();
  const isOthers = held.userId !== undefined && client.userId !== undefined && held.userId !== client.userId;
  const stack = isOthers ? HOME : held.stack;
  // What it is now, also for the second of two taps before the next rendering.
  const newest = useRef(stack);
  newest.current = stack;
  const navigation = useMemo(() => {
    const change = (next: readonly Route[]): void => {
      newest.current = next;
      setHeld({ userId: client.userId, stack: next });
    };
    const pop = (): boolean => {
      if (newest.current.length === 1) return false;
      change(newest.current.slice(0, -1));
      return true;
    };
    const isTop = (route: Route): boolean => {
      const top = newest.current.at(-1);
      return top !== undefined && keyOf(top) === keyOf(route);
    };
    return {
      pop,
      isTop,
      go: (route: Route) => {
        if (isTop(route)) return;
        pushed();
        change([...newest.current, route]);
      },
      back: () => goBack(pop),
      reset: (...routes: Route[]) => change([...HOME, ...routes]),
    };
  }, []);
  // A browser keeps its entries through a log-in: each leads back by one screen, and none out of the app.
  useEffect(() => (Platform.OS === 'web' ? onSystemBack(navigation.pop) : undefined), [navigation]);
  const value = useMemo(() => ({ ...navigation, stack }), [navigation, stack]);
  return <NavigationContext.Provider value={value}>{children}</NavigationContext.Provider>;
}

/** Those below stay as they are: who comes back finds the list where it was. */
export function Screens() {
  const { stack, back, pop } = useNavigation();
  // A phone has its key here alone: at the log-in it leaves the app.
  useEffect(() => (Platform.OS === 'web' ? undefined : onSystemBack(pop)), [pop]);
  return (
    <View style={{ flex: 1, overflow: 'hidden' }}>
      {stack.map((route, index) => (
        <Card key={`${index} ${keyOf(route)}`} isFirst={index === 0} isTop={index === stack.length - 1} onGone={back}>
          <Screen route={route} isTop={index === stack.length - 1} />
        </Card>
      ))}
    </View>
  );
}

const keyOf = (route: Route): string => (route.name === 'chat' ? route.conversationId : route.name);

function Screen({ route, isTop }: { route: Route; isTop: boolean }) {
  switch (route.name) {
    case 'conversations':
      return <ConversationsScreen />;
    case 'chat':
      return <ChatScreen conversationId={route.conversationId} isTop={isTop} />;
    case 'friends':
      return <FriendsScreen />;
    case 'settings':
      return <SettingsScreen />;
  }
}
