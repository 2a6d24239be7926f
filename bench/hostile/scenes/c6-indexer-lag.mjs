import { Connection, sleep } from '../client.mjs';

const PAIRS = 16;
const IN_FLIGHT = 8;
const MAX_CATCH_UP_SECONDS = 60;

/** As many messages as go through, without limits: does the search's index keep up, and when has it caught up? */
export const scene = {
  id: 'C6-index',
  title: 'the index of the search while messages flow at full rate (limits off)',
  environment: { RATE_LIMITS: 'off' },
  async prepare(stage) {
    return { pairs: await stage.pairs(PAIRS) };
  },
  async attack({ url, facts: { pairs }, got, isOver }) {
    await Promise.all(
      pairs.flatMap(({ first, second, conversationId }) =>
        [first, second].map(async ({ token }) => {
          const connection = await new Connection(url, { token }).ready;
          await Promise.all(
            Array.from({ length: IN_FLIGHT }, async () => {
              while (!isOver()) {
                const answer = await connection.ask('send_message', {
                  conversationId,
                  content: 'words of a message '.repeat(5),
                });
                got.add(answer.ok ? 'stored' : answer.error.code);
                if (!answer.ok) await sleep(50);
              }
            }),
          );
          connection.close();
        }),
      ),
    );
    return {};
  },
  async after({ database }) {
    const behind = async () =>
      Number(
        (
          await database.query(
            `SELECT sum(c.last_seq - COALESCE(p.indexed_seq, 0)) AS behind FROM conversations c
             LEFT JOIN message_search_progress p ON p.conversation_id = c.id`,
          )
        ).rows[0].behind,
      );
    const first = await behind();
    const began = performance.now();
    let last = first;
    // The honest pairs go on, so there is always a handful that is not indexed yet.
    while (last > 200 && performance.now() - began < MAX_CATCH_UP_SECONDS * 1_000) {
      await sleep(250);
      last = await behind();
    }
    return { first, last, seconds: (performance.now() - began) / 1_000 };
  },
  judge: ({ result, atLast: { first, last, seconds } }) => [
    {
      what: 'not indexed at the end',
      value: `${first} of ${result.codes.stored ?? 0}; ${last <= 200 ? 'caught up' : `${last} left`} after ${seconds.toFixed(1)} s`,
      bar: `caught up within ${MAX_CATCH_UP_SECONDS} s`,
      isHeld: last <= 200,
    },
  ],
};
