/** Nobody misbehaves, but the attacker's process takes a core: what the machine alone does to the others' times. */
export const scene = {
  id: '0-control',
  title: 'control: the attacker burns one core and leaves the server alone',
  prepare: async () => ({}),
  async attack({ got, isOver }) {
    for (let turns = 0; !isOver(); turns += 1) {
      for (const until = performance.now() + 10; performance.now() < until; );
      await new Promise(setImmediate);
      if (turns === 0) got.add('a core');
    }
    return {};
  },
};
