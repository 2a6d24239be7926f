import type { ChannelFactory, Clock, Connectivity, Lifecycle, Lock, Random } from './environment.js';
import type { Fetch, SocketFactory } from './network.js';
import type { WebLocks } from './platform-types.js';
import type { Storage } from './storage.js';
import type { TokenStore } from './token-store.js';

/** All that the client takes from outside itself. Nothing else in the package reads a clock, randomness or the platform. */
export interface Ports {
  storage: Storage;
  tokens: TokenStore;
  connectivity: Connectivity;
  lifecycle: Lifecycle;
  lock: Lock;
  channel: ChannelFactory;
  clock: Clock;
  random: Random;
  fetch: Fetch;
  socket: SocketFactory;
}

/** The ports of which those may be left out that only what follows the first load needs: that has its own. */
export interface GivenPorts extends Omit<Ports, LaterPort>, Partial<Pick<Ports, LaterPort>> {
  /** The platform's own, where it has some. */
  locks: WebLocks | undefined;
  /** There may be other tabs on the same storage. */
  isShared: boolean;
}
type LaterPort = 'connectivity' | 'lifecycle' | 'lock' | 'socket';
