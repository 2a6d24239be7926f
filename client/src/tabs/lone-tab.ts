import type { AccountTabs, TabRole } from './types.js';

/** Where there are no other tabs (Node, React Native), this one leads, at once and for good. */
export function loneTab(): AccountTabs {
  const nothing = (): void => undefined;
  const role: TabRole = 'leader';
  return {
    tabs: {
      getSnapshot: () => role,
      subscribe: () => nothing,
      start: nothing,
      post: nothing,
      onMessage: () => nothing,
      isOfLeader: () => true,
      ask: () => Promise.reject(new Error('There is no other tab.')),
      onAsk: nothing,
      yield: nothing,
      retire: nothing,
      stop: async (work) => work?.(),
    },
    follow: () => {
      throw new Error('There is no other tab.');
    },
    lead: () => nothing,
  };
}
