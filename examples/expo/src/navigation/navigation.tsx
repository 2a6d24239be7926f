import { createContext, type ReactNode, useContext, useEffect, useMemo, useRef, useState } from 'react';
import { View } from 'react-native';
import { ConversationsScreen } from '../conversations/ConversationsScreen';
import { FriendsScreen } from '../friends/FriendsScreen';
import { ChatScreen } from '../messages/ChatScreen';
import { SettingsScreen } from '../settings/SettingsScreen';
import { Card } from './Card';
import { goBack, onSystemBack, pushed } from './history';

export type Route =
  | { name: 'conversations' }
  | { name: 'chat'; conversationId: string }
  | { name: 'friends' }
  | { name: 'settings' };

interface Navigation {
  stack: readonly Route[];
  go(route: Route): void;
  back(): void;
  /** To the list, and from there to this: after a tap on a notification, or when another user begins. */
  reset(...routes: Route[]): void;
}

const HOME: readonly Route[] = [{ name: 'conversations' }];
const NavigationContext = createContext<Navigation | undefined>(undefined);

/** Above the log-in, so that who logs in again goes on where they were. */
export function NavigationProvider({ children }: { children: ReactNode }) {
  const [stack, setStack] = useState(HOME);
  const depth = useRef(1);
  depth.current = stack.length;
  const navigation = useMemo(() => {
    const pop = (): boolean => {
      setStack((held) => (held.length > 1 ? held.slice(0, -1) : held));
      return depth.current > 1;
    };
    return {
      pop,
      go: (route: Route) => {
        pushed();
        setStack((held) => [...held, route]);
      },
      back: () => goBack(pop),
      reset: (...routes: Route[]) => setStack([...HOME, ...routes]),
    };
  }, []);
  useEffect(() => onSystemBack(navigation.pop), [navigation]);
  const value = useMemo(() => ({ ...navigation, stack }), [navigation, stack]);
  return <NavigationContext.Provider value={value}>{children}</NavigationContext.Provider>;
}

export function useNavigation(): Navigation {
  const navigation = useContext(NavigationContext);
  if (navigation === undefined) throw new Error('There is no <NavigationProvider> above this component.');
  return navigation;
}

/** Those below stay as they are: who comes back finds the list where it was. */
export function Screens() {
  const { stack, back } = useNavigation();
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
