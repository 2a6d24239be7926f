import http from 'node:http';
import { request } from '../client.mjs';

const MESSAGES = 6_000;
const SEARCHES = 60;
/** About 6,000 characters of words that hardly repeat. */
const LONG_TEXT = `(SELECT string_agg(md5((g * 200 + k)::text) || ' ', '') FROM generate_series(1, 180) k)`;

/** One user's searches over its own long messages, for parts of words that are everywhere. */
export const scene = {
  id: 'C6',
  title: `${SEARCHES} searches at once over one's own ${MESSAGES} long messages; another one searches, too`,
  seconds: 15,
  async prepare(stage) {
    const { first: attacker, second, conversationId } = await stage.pair();
    await stage.history(conversationId, second, MESSAGES, LONG_TEXT);
    const { first: other, conversationId: others } = await stage.pair();
    await stage.history(others, other, 100, `'a needle in hay ' || g`);
    return { attacker, other };
  },
  /** An ordinary search of somebody else. */
  async beside({ url }, { other }) {
    const began = performance.now();
    const { code } = await request(url, 'GET', '/messages/search?q=needle', { token: other.token });
    return { code, took: performance.now() - began };
  },
  async attack({ url, facts: { attacker }, got, isOver }) {
    const agent = new http.Agent({ keepAlive: true, maxSockets: SEARCHES });
    let number = 0;
    await Promise.all(
      Array.from({ length: SEARCHES }, async () => {
        while (!isOver()) {
          number += 1;
          const query = number % 2 === 0 ? 'a' : (number % 256).toString(16).padStart(2, '0');
          const { code } = await request(url, 'GET', `/messages/search?q=${query}&limit=100`, {
            token: attacker.token,
            agent,
            keep: false,
          });
          got.add(code);
          if (!code.startsWith('200')) await new Promise((resolve) => setTimeout(resolve, 100));
        }
      }),
    );
    agent.destroy();
    return {};
  },
  judge: ({ result, calmFacts, attackFacts }) => [
    {
      what: "another one's search",
      value: `${calmFacts.code} in ${calmFacts.took.toFixed(0)} ms, beside them ${attackFacts.code} in ${attackFacts.took.toFixed(0)} ms`,
      bar: '200 within 5 s',
      isHeld: attackFacts.code === '200' && attackFacts.took < 5_000,
    },
    {
      what: 'internal errors',
      value:
        Object.keys(result.codes)
          .filter((code) => code.startsWith('500'))
          .join(', ') || 'none',
      bar: 'none',
      isHeld: !Object.keys(result.codes).some((code) => code.startsWith('500')),
    },
  ],
};
