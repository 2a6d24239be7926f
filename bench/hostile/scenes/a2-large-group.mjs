import { request } from '../client.mjs';

const MEMBERS = 1_000;
const CHANGES = 15;

export const scene = groupScene('A2-offline', 'titles, joins and leaves in a group of 1,000, all offline', 0);

/** A change costs what it changes: nothing for who is not connected. */
export function groupScene(id, title, connected) {
  return {
    id,
    title,
    async prepare(stage) {
      const members = await stage.users(MEMBERS - 1);
      const guests = await stage.users(CHANGES);
      const [owner] = members;
      const conversationId = await stage.group(members);
      // Friends, so that no limit on strangers is in the way of what is measured here.
      for (const guest of guests) await stage.direct(owner, guest);
      return { owner, guests, conversationId, listeners: members.slice(1, 1 + connected) };
    },
    async attack({ url, facts: { owner, guests, conversationId, listeners }, got, isOver }) {
      const { Connection } = await import('../client.mjs');
      await Promise.all(listeners.map(({ token }) => new Connection(url, { token }).ready));
      const ofGroup = `/conversations/${conversationId}`;
      let changes = 0;
      const change = async (what, ...call) => {
        const { status, code } = await request(url, ...call);
        got.add(`${what} ${code}`);
        if (status < 300) changes += 1;
      };
      for (const [number, guest] of guests.entries()) {
        if (isOver()) break;
        await change('rename', 'PATCH', ofGroup, { token: owner.token, body: { title: `title ${number}` } });
        await change('join', 'POST', `${ofGroup}/members`, { token: owner.token, body: { memberIds: [guest.id] } });
        await change('leave', 'POST', `${ofGroup}/leave`, { token: guest.token });
      }
      return { changes };
    },
    judge({ result, cpu, took }) {
      // What the honest pairs cost is in it: 20 messages a second are some 2 ms of CPU each at most.
      const each = ((cpu - took * 0.04) / result.changes) * 1_000;
      return [
        {
          what: 'CPU a change, about',
          value: `${each.toFixed(0)} ms (${result.changes} changes)`,
          bar: '20 ms',
          isHeld: each <= 20,
        },
      ];
    },
  };
}
