import { open } from 'node:fs/promises';
import { type Measures, milliseconds, sides, UNKNOWN } from '../measures.js';

const WINDOW_BYTES = 512 * 1024;
const PACK = Buffer.of(0, 0, 1, 0xba);
const SEQUENCE = Buffer.of(0, 0, 1, 0xb3);
/** A clock of 33 bits that begins anew after a day. */
const TICKS_PER_SECOND = 90_000;
const CLOCK = 2 ** 33;

/** The size of a film in a program stream of MPEG by its first picture, and its length by its clock; as far as it says. */
export async function programStreamMeasures(path: string): Promise<Measures> {
  const file = await open(path);
  try {
    const { size } = await file.stat();
    const length = Math.min(WINDOW_BYTES, size);
    const { buffer: beginning } = await file.read(Buffer.alloc(length), 0, length, 0);
    const { buffer: end } = await file.read(Buffer.alloc(length), 0, length, size - length);
    const first = clockAt(beginning, beginning.indexOf(PACK));
    const last = clockAt(end, end.lastIndexOf(PACK));
    const durationMs =
      first === undefined || last === undefined
        ? null
        : milliseconds(((last - first + CLOCK) % CLOCK) / TICKS_PER_SECOND);
    const at = beginning.indexOf(SEQUENCE) + SEQUENCE.length;
    const isDescribed = at >= SEQUENCE.length && at + 3 <= beginning.length;
    const described = isDescribed ? beginning.readUIntBE(at, 3) : 0;
    return { ...UNKNOWN, ...sides(described >> 12, described & 0xfff), durationMs };
  } finally {
    await file.close();
  }
}

/** The clock in the head of a pack, of MPEG-1 or MPEG-2. */
function clockAt(bytes: Buffer, pack: number): number | undefined {
  if (pack < 0 || pack + 9 > bytes.length) return undefined;
  const [a = 0, b = 0, c = 0, d = 0, e = 0] = bytes.subarray(pack + 4);
  if (a >> 4 === 2) return ((a >> 1) & 7) * 2 ** 30 + b * 2 ** 22 + (c >> 1) * 2 ** 15 + d * 2 ** 7 + (e >> 1);
  if (a >> 6 === 1)
    return (
      ((a >> 3) & 7) * 2 ** 30 +
      ((a & 3) << 28) +
      b * 2 ** 20 +
      (c >> 3) * 2 ** 15 +
      ((c & 3) << 13) +
      d * 2 ** 5 +
      (e >> 3)
    );
  return undefined;
}
