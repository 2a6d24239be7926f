/** Sequence numbers from the first to the second, both inclusive. */
export type Interval = readonly [from: number, to: number];

/** Which messages of a conversation are held: ascending, disjoint, never adjacent. What lies between two is a gap. */
export type Coverage = readonly Interval[];

/** Sequence numbers are dense, so adjacent intervals are one. */
export function cover(coverage: Coverage, from: number, to: number): Coverage {
  if (to < from) return coverage;
  const last = coverage.at(-1);
  // Nearly always a message follows the newest one.
  if (last !== undefined && from >= last[0]) {
    if (to <= last[1]) return coverage;
    if (from <= last[1] + 1) return [...coverage.slice(0, -1), [last[0], to]];
  }
  const before = coverage.filter((interval) => interval[1] < from - 1);
  const after = coverage.filter((interval) => interval[0] > to + 1);
  const touched = coverage.slice(before.length, coverage.length - after.length);
  const [first, end] = [touched[0], touched.at(-1)];
  return [...before, [Math.min(from, first?.[0] ?? from), Math.max(to, end?.[1] ?? to)], ...after];
}

export function uncoverBelow(coverage: Coverage, seq: number): Coverage {
  return coverage.flatMap(([from, to]): Interval[] => (to < seq ? [] : [[Math.max(from, seq), to]]));
}

export function intervalAt(coverage: Coverage, seq: number): Interval | undefined {
  for (let index = coverage.length - 1; index >= 0; index -= 1) {
    const interval = coverage[index];
    if (interval !== undefined && interval[0] <= seq) return seq <= interval[1] ? interval : undefined;
  }
  return undefined;
}

/** Whether all of them are held; true where there are none. */
export function covers(coverage: Coverage, from: number, to: number): boolean {
  return to < from || (intervalAt(coverage, from)?.[1] ?? -1) >= to;
}
