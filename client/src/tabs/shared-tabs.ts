import type { CatchUp } from '../connection/types.js';
import { RelayedConnection, relayConnection } from './relayed-connection.js';
import { createTabs } from './tabs.js';
import type { AccountTabs, TabsPorts } from './types.js';

/** The tabs of one account, and how those that follow use the connection of the one that leads. */
export function sharedTabs(name: string, ports: TabsPorts): AccountTabs {
  const tabs = createTabs(name, ports);
  return {
    tabs,
    follow: (catchUp: CatchUp) => new RelayedConnection(tabs, catchUp),
    lead: (connection, lastReady, answers) => relayConnection(connection, tabs, lastReady, answers),
  };
}
