import { bareWebSocket, sleep } from '../client.mjs';

const CONNECTIONS = 4_000;
const MAX_OPEN = 1_000;

/** WebSockets that never say who they are, from one address. */
export const scene = {
  id: 'B5-address',
  title: `${CONNECTIONS} WebSockets from one address that never authenticate`,
  prepare: async () => ({}),
  async attack({ url, got, isOver }) {
    let left = CONNECTIONS;
    let open = 0;
    let most = 0;
    await Promise.all(
      Array.from({ length: 32 }, async () => {
        while (left > 0 && !isOver()) {
          left -= 1;
          const path = left % 2 === 0 ? '/socket.io/?EIO=4&transport=websocket' : '/';
          try {
            const socket = await bareWebSocket(url, path);
            got.add('open');
            open += 1;
            most = Math.max(most, open);
            socket.on('close', () => (open -= 1));
          } catch (error) {
            got.add(error.message);
          }
        }
      }),
    );
    while (!isOver()) await sleep(100);
    return { most };
  },
  judge: ({ result }) => [
    { what: 'open at once', value: result.most, bar: `at most ${MAX_OPEN}`, isHeld: result.most <= MAX_OPEN },
  ],
};
