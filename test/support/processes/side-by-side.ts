/**
 * One test for each case, whose runs go on beside each other: for cases that mostly wait, and share nothing. The first test
 * begins all of them and waits until the last one has ended, so that nothing goes on behind a test; each reports its own.
 */
export function sideBySide<Case>(
  cases: readonly Case[],
  run: (one: Case) => Promise<void>,
): (one: Case) => Promise<void> {
  let runs: Map<Case, Promise<void>> | undefined;
  return async (one) => {
    if (runs === undefined) {
      runs = new Map(cases.map((each) => [each, run(each)]));
      await Promise.allSettled(runs.values());
    }
    await runs.get(one);
  };
}
