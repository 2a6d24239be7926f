import { Connection } from '../client.mjs';

const EVENTS = 900;

export const scene = burstScene(
  'C7-sync',
  `${EVENTS} sync on one connection, again and again`,
  (facts, connection) => ({
    event: 'sync',
    payload: { cursor: connection.cursor },
  }),
);

/** Whatever is asked nine hundred times at once. */
export function burstScene(id, title, make) {
  return {
    id,
    title,
    async prepare(stage) {
      const [attacker, ...others] = await stage.users(200);
      const conversationIds = [];
      for (let first = 0; first < 100; first += 1) {
        const id = await stage.group([attacker, ...others.slice(first, first + 50)]);
        conversationIds.push(id);
        await stage.history(id, others[0], 20, `'one of many messages ' || g`);
      }
      return { attacker, conversationIds };
    },
    async attack({ url, facts, got, isOver }) {
      while (!isOver()) {
        let cursor;
        const connection = new Connection(
          url,
          { token: facts.attacker.token },
          {
            onEvent(event, payload) {
              if (event === 'session:ready') cursor = payload.syncCursor;
              if (event === 'session:ended') got.add(`ended ${payload.code}`);
            },
          },
        );
        try {
          await connection.ready;
        } catch (error) {
          got.add(error.code);
          await new Promise((resolve) => setTimeout(resolve, 200));
          continue;
        }
        // From the very beginning: everything is to be answered.
        connection.cursor = (await connection.ask('sync', {})).data?.cursor ?? cursor;
        const answers = await Promise.race([
          Promise.all(
            Array.from({ length: EVENTS }, async (_, number) => {
              const { event, payload } = make(facts, connection, number);
              const answer = await connection.ask(event, payload);
              got.add(answer.ok ? 'ok' : answer.error.code);
            }),
          ),
          new Promise((resolve) => {
            const timer = setInterval(() => {
              if (!isOver()) return;
              clearInterval(timer);
              resolve('over');
            }, 50);
          }),
        ]);
        connection.close();
        if (answers === 'over') break;
      }
      return {};
    },
  };
}
