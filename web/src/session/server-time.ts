import { client } from './client.js';

let aheadMs = 0;
const look = (): void => {
  aheadMs = client.connection.getSnapshot().clockAheadMs ?? aheadMs;
};
client.connection.subscribe(look);
look();

/** Now by the server's clock, which dates messages; the device's own may be hours off. Without a connection as it was known last. */
export const serverNow = (): number => Date.now() - aheadMs;
