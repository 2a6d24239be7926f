import http from 'node:http';
import { request } from '../client.mjs';

const PAGES = 600;

/** Pages of history of a hundred messages of 8,000 characters of four bytes. */
export const scene = {
  id: 'C7-pages',
  title: `${PAGES} pages of 3.2 MB at once`,
  seconds: 15,
  async prepare(stage) {
    const { first: attacker, second, conversationId } = await stage.pair();
    await stage.history(conversationId, second, 400, `repeat(chr(128000 + g % 500), 8000)`);
    return { attacker, conversationId };
  },
  async attack({ url, facts: { attacker, conversationId }, got, isOver }) {
    const agent = new http.Agent({ keepAlive: true, maxSockets: PAGES });
    let megabytes = 0;
    await Promise.all(
      Array.from({ length: PAGES }, async (_, number) => {
        const { code, bytes } = await request(
          url,
          'GET',
          `/conversations/${conversationId}/messages?limit=100&before=${101 + (number % 300)}`,
          { token: attacker.token, agent, keep: false },
        );
        got.add(isOver() ? 'after the end' : code);
        megabytes += bytes / 1_000_000;
      }),
    );
    agent.destroy();
    got.add('megabytes', Math.round(megabytes));
    return {};
  },
};
