/** A part of a file: from its first byte to the one behind its last. */
export interface FileRange {
  start: number;
  end: number;
}

/** Tables that say where the samples of a track are, each without the version and flags before it. */
export interface SampleTables {
  chunkOffsets?: { table: Buffer; bytes: 4 | 8 };
  samplesOfChunks?: Buffer;
  sampleSizes?: Buffer;
  /** Sizes of 4, 8 or 16 bits. */
  compactSizes?: Buffer;
  /** Whether it is a sound of which one sample takes more than a byte. */
  isOfLongSamples?: boolean;
}

const MAX_SAMPLES = 4_000_000;

/** Where the samples of a track are; undefined where its tables do not say that. */
export function samplesOf({
  chunkOffsets,
  samplesOfChunks,
  sampleSizes,
  compactSizes,
  isOfLongSamples,
}: SampleTables): FileRange[] | undefined {
  const sizes = sampleSizes === undefined ? compactSizesOf(compactSizes) : sizesOf(sampleSizes);
  if (chunkOffsets === undefined || samplesOfChunks === undefined || sizes === undefined) return undefined;
  // QuickTime says 1 for whatever a sample of a constant rate is, and leaves its size to the sound's description.
  if (sizes.equal === 1 && isOfLongSamples === true) return undefined;
  const { table, bytes } = chunkOffsets;
  const chunks = countOf(table, 0, bytes);
  const runs = countOf(samplesOfChunks, 0, 12);
  if (chunks === undefined || runs === undefined) return undefined;
  const ranges: FileRange[] = [];
  let sample = 0;
  let run = 0;
  for (let chunk = 0; chunk < chunks; chunk += 1) {
    while (run + 1 < runs && samplesOfChunks.readUInt32BE(4 + 12 * (run + 1)) <= chunk + 1) run += 1;
    const count = runs === 0 ? 0 : samplesOfChunks.readUInt32BE(8 + 12 * run);
    const until = Math.min(sample + count, sizes.count);
    let length = 0;
    if (sizes.equal === undefined) for (; sample < until; sample += 1) length += sizes.at(sample);
    else length = (until - sample) * sizes.equal;
    sample = until;
    const start = bytes === 4 ? table.readUInt32BE(4 + 4 * chunk) : Number(table.readBigUInt64BE(4 + 8 * chunk));
    ranges.push({ start, end: start + length });
  }
  return sample < sizes.count ? undefined : ranges;
}

interface Sizes {
  count: number;
  /** Of each sample, where they are all of one size. */
  equal: number | undefined;
  at: (sample: number) => number;
}

function sizesOf(table: Buffer): Sizes | undefined {
  if (table.length < 8) return undefined;
  const equal = table.readUInt32BE(0);
  if (equal > 0) return { count: table.readUInt32BE(4), equal, at: () => equal };
  const count = countOf(table, 4, 4);
  return count === undefined
    ? undefined
    : { count, equal: undefined, at: (sample) => table.readUInt32BE(8 + 4 * sample) };
}

function compactSizesOf(table: Buffer | undefined): Sizes | undefined {
  const bits = table?.[3] ?? 0;
  if (table === undefined || ![4, 8, 16].includes(bits)) return undefined;
  const count = countOf(table, 4, bits / 8);
  const at = (sample: number): number => {
    if (bits === 16) return table.readUInt16BE(8 + 2 * sample);
    if (bits === 8) return table.readUInt8(8 + sample);
    return (table.readUInt8(8 + (sample >> 1)) >> (sample % 2 === 0 ? 4 : 0)) & 15;
  };
  return count === undefined ? undefined : { count, equal: undefined, at };
}

/** The number of entries that stands at `at`, with so many bytes each behind it; undefined where there are not so many. */
function countOf(table: Buffer, at: number, bytes: number): number | undefined {
  if (table.length < at + 4) return undefined;
  const count = table.readUInt32BE(at);
  return count > MAX_SAMPLES || table.length < at + 4 + Math.ceil(count * bytes) ? undefined : count;
}

/** A fragment's track: its head and its runs of samples, each with version and flags. */
export interface Fragment {
  /** Where the fragment's description begins. */
  start: number;
  head: Buffer;
  runs: readonly Buffer[];
}

/** Where the samples of fragments are, which follow one another in `fragments` as in the file. */
export class FragmentSamples {
  private start = -1;
  private end = 0;

  /** @param defaults sizes of samples by the track's number, where a fragment says none. */
  constructor(private readonly defaults: ReadonlyMap<number, number>) {}

  /** Undefined where its tables do not say it. */
  samplesOf({ start, head, runs }: Fragment): FileRange[] | undefined {
    // What says nothing begins where the track before it in the same fragment ended.
    if (start !== this.start) this.end = start;
    this.start = start;
    if (head.length < 8) return undefined;
    const flags = head.readUInt32BE(0);
    const isOffset = (flags & 1) !== 0;
    const base = isOffset ? offsetIn(head) : (flags & 0x20000) === 0 ? this.end : start;
    const at = 8 + (isOffset ? 8 : 0) + ((flags & 2) === 0 ? 0 : 4) + ((flags & 8) === 0 ? 0 : 4);
    const isSized = (flags & 0x10) !== 0;
    if (base === undefined || (isSized && head.length < at + 4)) return undefined;
    const size = isSized ? head.readUInt32BE(at) : (this.defaults.get(head.readUInt32BE(4)) ?? 0);
    const ranges: FileRange[] = [];
    let next = base;
    for (const run of runs) {
      const range = rangeOf(run, { base, next, size });
      if (range === undefined) return undefined;
      ranges.push(range);
      next = range.end;
    }
    this.end = next;
    return ranges;
  }
}

function offsetIn(head: Buffer): number | undefined {
  return head.length < 16 ? undefined : Number(head.readBigUInt64BE(8));
}

function rangeOf(
  run: Buffer,
  { base, next, size }: { base: number; next: number; size: number },
): FileRange | undefined {
  if (run.length < 12) return undefined;
  const flags = run.readUInt32BE(0);
  const count = run.readUInt32BE(4);
  const hasOffset = (flags & 1) !== 0;
  const first = 8 + (hasOffset ? 4 : 0) + ((flags & 4) === 0 ? 0 : 4);
  const bytes = [0x100, 0x200, 0x400, 0x800].reduce((sum, flag) => sum + ((flags & flag) === 0 ? 0 : 4), 0);
  if (count > MAX_SAMPLES || run.length < first + count * bytes) return undefined;
  const start = hasOffset ? base + run.readInt32BE(8) : next;
  if ((flags & 0x200) === 0) return { start, end: start + count * size };
  const at = first + ((flags & 0x100) === 0 ? 0 : 4);
  let length = 0;
  for (let sample = 0; sample < count; sample += 1) length += run.readUInt32BE(at + sample * bytes);
  return { start, end: start + length };
}

/** What of `whole` none of the ranges holds. */
export function gapsIn(whole: FileRange, ranges: readonly FileRange[]): FileRange[] {
  const gaps: FileRange[] = [];
  let at = whole.start;
  for (const { start, end } of [...ranges].sort((one, other) => one.start - other.start)) {
    if (start >= whole.end) break;
    if (start > at) gaps.push({ start: at, end: start });
    at = Math.max(at, end);
  }
  if (at < whole.end) gaps.push({ start: at, end: whole.end });
  return gaps;
}
