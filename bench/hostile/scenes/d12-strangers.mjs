import { Connection, request, sleep } from '../client.mjs';

const STRANGERS = 1_000;
const GROUPS = 1_500;
const MAX_REACHED = 120;

/** One user, and a thousand people it has never met. */
export const scene = {
  id: 'D12',
  title: `${STRANGERS} strangers written to, ${GROUPS} groups on one victim, put back after leaving`,
  seconds: 15,
  async prepare(stage) {
    const [attacker, victim, ...strangers] = await stage.users(STRANGERS + 2);
    return { attacker, victim, strangers };
  },
  async attack({ url, facts: { attacker, victim, strangers }, got, isOver }) {
    const connection = await new Connection(url, { token: attacker.token }).ready;
    let written = 0;
    await Promise.all(
      strangers.map(async ({ id }) => {
        const answer = await connection.ask('send_message', { receiverId: id, content: 'Buy this' });
        got.add(`send ${answer.ok ? 'ok' : answer.error.code}`);
        if (answer.ok) written += 1;
      }),
    );
    connection.close();
    let added = 0;
    let lastGroup;
    for (let number = 0; number < GROUPS && !isOver(); number += 1) {
      const { code, body } = await request(url, 'POST', '/conversations', {
        token: attacker.token,
        body: { type: 'GROUP', title: `Group ${number}`, memberIds: [victim.id] },
      });
      got.add(`group ${code}`);
      if (code === '201') {
        added += 1;
        lastGroup = body.id;
      } else await sleep(20);
    }
    let putBack = 0;
    for (let times = 0; times < 20 && lastGroup !== undefined; times += 1) {
      await request(url, 'POST', `/conversations/${lastGroup}/leave`, { token: victim.token });
      const { status, code } = await request(url, 'POST', `/conversations/${lastGroup}/members`, {
        token: attacker.token,
        body: { memberIds: [victim.id] },
      });
      got.add(`put back ${code}`);
      if (status < 300) putBack += 1;
    }
    return { written, added, putBack };
  },
  judge: ({ result: { written, added, putBack } }) => [
    { what: 'strangers reached', value: written, bar: `at most ${MAX_REACHED}`, isHeld: written <= MAX_REACHED },
    { what: 'groups put on the victim', value: added, bar: `at most ${MAX_REACHED}`, isHeld: added <= MAX_REACHED },
    { what: 'put back after leaving', value: putBack, bar: 'never', isHeld: putBack === 0 },
  ],
};
