import type { Connectivity } from '../ports/environment.js';

/** The part of `@react-native-community/netinfo` that is used. */
export interface NetInfo {
  addEventListener(listener: (state: { isConnected: boolean | null; type?: string }) => void): () => void;
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
      let lastType: string | undefined;
      return netInfo.addEventListener(({ isConnected, type }) => {
        isOnline = isConnected ?? undefined;
        // NetInfo reports each change of the signal's strength. From one network to another sockets are dead without a word.
        if (isOnline === last && type === lastType) return;
        last = isOnline;
        lastType = type;
        if (isOnline !== undefined) listener(isOnline);
      });
    },
  };
}
