import type { ChannelFactory, Clock, Connectivity, Lifecycle, Lock, Random } from './environment.js';
import type { Fetch, SocketFactory } from './network.js';
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
