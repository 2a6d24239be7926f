import { bareWebSocket, frame, sleep, TEXT } from '../client.mjs';

const CONNECTS = 150;

/** A token, and 150 CONNECTs in one segment: one connection carries one namespace connect. */
export const scene = {
  id: 'B3-many',
  title: '150 CONNECTs with a good token in one segment',
  async prepare(stage) {
    const [attacker] = await stage.users(1);
    return { attacker };
  },
  async attack({ url, facts: { attacker }, got, isOver }) {
    const connect = frame(TEXT, `40${JSON.stringify({ token: attacker.token })}`);
    const segment = Buffer.concat(Array(CONNECTS).fill(connect));
    let most = 0;
    while (!isOver()) {
      const socket = await bareWebSocket(url, '/socket.io/?EIO=4&transport=websocket').catch((error) => {
        got.add(error.message);
      });
      if (socket === undefined) {
        await sleep(100);
        continue;
      }
      let ready = 0;
      socket.on('data', (chunk) => (ready += chunk.toString('latin1').split('session:ready').length - 1));
      socket.on('close', () => got.add('closed'));
      socket.write(segment);
      await sleep(1_500);
      most = Math.max(most, ready);
      socket.destroy();
    }
    return { most };
  },
  judge: ({ result }) => [{ what: 'sockets on one WebSocket', value: result.most, bar: 1, isHeld: result.most <= 1 }],
};
