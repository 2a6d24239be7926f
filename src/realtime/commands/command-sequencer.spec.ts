import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { CommandSequencer } from './command-sequencer.js';

/** A promise that somebody else settles. */
function deferred<Value = void>() {
  let resolve!: (value: Value) => void;
  let reject!: (error: unknown) => void;
  const promise = new Promise<Value>((yes, no) => {
    resolve = yes;
    reject = no;
  });
  return { promise, resolve, reject };
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('the commands of one connection', () => {
  it('stores at once what needs no preparation', () => {
    const sequencer = new CommandSequencer();
    const stored: number[] = [];
    for (const draft of [1, 2, 3]) {
      void sequencer.send(
        () => draft,
        async (ready) => stored.push(ready),
      );
    }
    expect(stored).toEqual([1, 2, 3]);
  });

  it('stores a send that must be prepared before those that were sent after it', async () => {
    const sequencer = new CommandSequencer();
    const stored: string[] = [];
    const lookedUp = deferred<string>();
    const store = async (draft: string): Promise<void> => void stored.push(draft);
    const slow = sequencer.send(() => lookedUp.promise, store);
    const fast = sequencer.send(() => 'second', store);
    await turn();
    expect(stored).toEqual([]);
    lookedUp.resolve('first');
    await Promise.all([slow, fast]);
    expect(stored).toEqual(['first', 'second']);
  });

  it('stores sends beside each other', async () => {
    const sequencer = new CommandSequencer();
    const commits = [deferred(), deferred()];
    const sends = commits.map((commit) =>
      sequencer.send(
        async () => commit,
        ({ promise }) => promise,
      ),
    );
    // The second is committed first: nothing of the first is waited for.
    const done: number[] = [];
    sends.forEach((send, index) => void send.then(() => done.push(index)));
    commits[1]?.resolve();
    await sends[1];
    commits[0]?.resolve();
    await sends[0];
    expect(done).toEqual([1, 0]);
  });

  it('runs a change behind the sends before it and before the sends after it', async () => {
    const sequencer = new CommandSequencer();
    const order: string[] = [];
    const commit = deferred();
    const changed = deferred();
    const all = [
      sequencer.send(
        () => 'a',
        async (draft) => {
          await commit.promise;
          order.push(draft);
        },
      ),
      sequencer.change(async () => {
        await changed.promise;
        order.push('change');
      }),
      sequencer.send(
        () => 'b',
        async (draft) => void order.push(draft),
      ),
    ];
    changed.resolve();
    await turn();
    expect(order).toEqual([]);
    commit.resolve();
    await Promise.all(all);
    expect(order).toEqual(['a', 'change', 'b']);
  });

  it('goes on behind what fails, wherever it fails', async () => {
    const sequencer = new CommandSequencer();
    const fail = (): never => {
      throw new Error('no');
    };
    const results = await Promise.allSettled([
      sequencer.send(fail, async () => 'never'),
      sequencer.send(
        async () => fail(),
        async () => 'never',
      ),
      sequencer.send(
        () => 1,
        async () => fail(),
      ),
      sequencer.change(async () => fail()),
      sequencer.send(
        () => 1,
        async () => 'stored',
      ),
      sequencer.change(async () => 'changed'),
    ]);
    expect(results.map(({ status }) => status)).toEqual([
      ...Array.from({ length: 4 }, () => 'rejected'),
      ...Array.from({ length: 2 }, () => 'fulfilled'),
    ]);
  });

  it('keeps the order of any mix of commands, however long each takes', async () => {
    const commands = fc.array(
      fc.record({
        kind: fc.constantFrom('plain', 'prepared', 'change'),
        turns: fc.integer({ min: 0, max: 3 }),
        fails: fc.boolean(),
      }),
      { maxLength: 20 },
    );
    await fc.assert(
      fc.asyncProperty(commands, async (given) => {
        const sequencer = new CommandSequencer();
        const begun: number[] = [];
        let changing = false;
        const work = async (index: number, isChange: boolean): Promise<void> => {
          if (changing) throw new Error('beside a change');
          changing = isChange;
          begun.push(index);
          for (let waited = 0; waited < (given[index]?.turns ?? 0); waited += 1) await turn();
          changing = false;
          if (given[index]?.fails === true) throw new Error('refused');
        };
        const errors = await Promise.all(
          given.map(({ kind, turns }, index) => {
            const prepare = async (): Promise<number> => {
              for (let waited = 0; waited < turns; waited += 1) await turn();
              return index;
            };
            const done =
              kind === 'change'
                ? sequencer.change(() => work(index, true))
                : sequencer.send(kind === 'plain' ? () => index : prepare, (draft) => work(draft, false));
            return done.then(
              () => 'done',
              (error: Error) => error.message,
            );
          }),
        );
        expect(begun).toEqual(given.map((_, index) => index));
        expect(errors).toEqual(given.map(({ fails }) => (fails ? 'refused' : 'done')));
      }),
      { numRuns: 200 },
    );
  });
});
