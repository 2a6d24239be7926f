import { randomUUID } from 'node:crypto';
import { request, sleep } from '../client.mjs';

const PASSWORD = 'correct horse battery staple';
const ADDRESSES = 10;
let devices = 0;

/** Wrong guesses at one account's password, by its address and by its name, from ten addresses of this machine. */
export const scene = {
  id: 'C8',
  title: "guesses at an owner's password from ten addresses; the owner logs in from a new device",
  async prepare({ url }) {
    const username = `owner_${randomUUID().slice(0, 8)}`;
    const email = `${username}@example.com`;
    const { status } = await request(url, 'POST', '/auth/register', { body: { email, username, password: PASSWORD } });
    if (status !== 201) throw new Error(`registering answered ${status}`);
    return { email, username };
  },
  /** The owner, five times, from another address than the guesses. */
  async beside({ url }, { email, username }) {
    await sleep(2_000);
    const codes = [];
    for (const who of [{ email }, { username }, { email }, { username }, { email }]) {
      const { code } = await request(url, 'POST', '/auth/login', {
        body: { ...who, password: PASSWORD },
        // Each time where this account was never seen.
        localAddress: `127.0.2.${(devices += 1)}`,
      });
      codes.push(code);
      await sleep(500);
    }
    return codes;
  },
  async attack({ url, facts: { email, username }, got, isOver }) {
    await Promise.all(
      Array.from({ length: ADDRESSES }, async (_, number) => {
        for (let guess = 0; !isOver(); guess += 1) {
          const { code } = await request(url, 'POST', '/auth/login', {
            body: { ...(guess % 2 === 0 ? { email } : { username }), password: `guess ${number} ${guess}` },
            localAddress: `127.0.1.${number + 1}`,
          });
          got.add(code);
          if (!code.startsWith('401')) await sleep(50);
        }
      }),
    );
    return {};
  },
  judge: ({ attackFacts }) => [
    {
      what: 'the owner got',
      value: attackFacts.join(', '),
      bar: '200 each time',
      isHeld: attackFacts.every((code) => code === '200'),
    },
  ],
};
