import { bareWebSocket, frame, sleep, TEXT } from '../client.mjs';

const BYTES_PER_SECOND = 400_000;

/** One WebSocket without an account, and nothing but CONNECT packets. */
export const scene = {
  id: 'B3-flood',
  title: 'CONNECT packets without an account, 400 KB/s on one WebSocket',
  prepare: async () => ({}),
  async attack({ url, got, isOver }) {
    const one = frame(TEXT, '40{"token":"x"}');
    const burst = Buffer.concat(Array(Math.ceil(BYTES_PER_SECOND / 20 / one.length)).fill(one));
    let sent = 0;
    while (!isOver()) {
      const socket = await bareWebSocket(url, '/socket.io/?EIO=4&transport=websocket').catch((error) => {
        got.add(error.message);
      });
      if (socket === undefined) {
        await sleep(50);
        continue;
      }
      let isClosed = false;
      socket.on('close', () => (isClosed = true));
      socket.on('data', (chunk) => got.add('refusals', chunk.toString('latin1').split('44{').length - 1));
      while (!isOver() && !isClosed) {
        socket.write(burst);
        sent += burst.length / one.length;
        await sleep(50);
      }
      if (isClosed) got.add('closed');
      socket.destroy();
    }
    got.add('CONNECT packets sent', Math.round(sent));
    return {};
  },
};
