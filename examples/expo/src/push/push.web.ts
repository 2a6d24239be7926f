import type { ExpoPush } from '@parley/client/react-native';

/** In a browser the server's own page does this. */
export const push = undefined as ExpoPush | undefined;
