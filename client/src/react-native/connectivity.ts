import type { Connectivity } from '../ports/environment.js';

/** The part of `@react-native-community/netinfo` that is used. */
export interface NetInfo {
  addEventListener(listener: (state: { isConnected: boolean | null }) => void): () => void;
}

/**
 * Whether there is a network at all. Not `isInternetReachable`, which asks a server of somebody else and says
 * "unreachable" on networks where ours answers.
 */
export function netInfoConnectivity(netInfo: NetInfo): Connectivity {
  let isOnline: boolean | undefined;
  return {
    isOnline: () => isOnline,
    subscribe: (listener) => {
      let last: boolean | undefined;
      return netInfo.addEventListener(({ isConnected }) => {
        isOnline = isConnected ?? undefined;
        // NetInfo reports each change of the signal's strength.
        if (isOnline === last) return;
        last = isOnline;
        if (isOnline !== undefined) listener(isOnline);
      });
    },
  };
}
