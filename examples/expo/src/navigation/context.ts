import { createContext, useContext } from 'react';

export type Route =
  | { name: 'conversations' }
  | { name: 'chat'; conversationId: string }
  | { name: 'friends' }
  | { name: 'settings' };

interface Navigation {
  stack: readonly Route[];
  go(route: Route): void;
  /** Whether it is what is looked at now, and not when it was drawn. */
  isTop(route: Route): boolean;
  back(): void;
  /** False where there is nowhere to go back to. */
  pop(): boolean;
  /** To the list, and from there to this: after a tap on a notification, or when another user begins. */
  reset(...routes: Route[]): void;
}

/** Apart from the screens, which are led from one to another by it. */
export const NavigationContext = createContext<Navigation | undefined>(undefined);

export function useNavigation(): Navigation {
  const navigation = useContext(NavigationContext);
  if (navigation === undefined) throw new Error('There is no <NavigationProvider> above this component.');
  return navigation;
}
