import { Connection, sleep } from '../client.mjs';

const CONNECTIONS = 4_000;
const MAX_OPEN = 50;

/** Thousands of connections of one user. */
export const scene = {
  id: 'B5-user',
  title: `${CONNECTIONS} connections of one user`,
  async prepare(stage) {
    const [attacker] = await stage.users(1);
    return { attacker };
  },
  async attack({ url, facts: { attacker }, got, isOver }) {
    const open = new Set();
    let left = CONNECTIONS;
    await Promise.all(
      Array.from({ length: 32 }, async () => {
        while (left > 0 && !isOver()) {
          left -= 1;
          const connection = new Connection(url, { token: attacker.token }, { onClose: () => open.delete(connection) });
          try {
            await connection.ready;
            got.add('ready');
            open.add(connection);
          } catch (error) {
            got.add(error.code);
            connection.close();
          }
        }
      }),
    );
    while (!isOver()) await sleep(100);
    // What is being closed at this moment does not count.
    await sleep(500);
    return { open: open.size };
  },
  judge: ({ result }) => [
    { what: 'open at the end', value: result.open, bar: `at most ${MAX_OPEN}`, isHeld: result.open <= MAX_OPEN },
  ],
};
