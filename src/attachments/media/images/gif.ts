const HEADER_BYTES = 13;
const EXTENSION = 0x21;
const FRAME = 0x2c;
const TRAILER = Buffer.from([0x3b]);
const CONTROL = 0xf9;
const APPLICATION = 0xff;
/** What says how often it is played. */
const LOOPS: ReadonlySet<string> = new Set(['NETSCAPE2.0', 'ANIMEXTS1.0']);

/**
 * A GIF's frames, whole and as they are, and how often and how fast they are played: no comments, no descriptions, no text
 * beside them, nothing behind the last one. What ends without its last byte, holds frames of no size, or something unknown
 * between them, is valid to browsers; so it is here.
 * @returns undefined where there is no whole frame.
 */
export function gifFrames(file: Buffer): Buffer | undefined {
  let at = HEADER_BYTES + tableBytes(file[10]);
  const kept = [file.subarray(0, at)];
  let frames = 0;
  let control: Buffer | undefined;
  while (at < file.length) {
    const start = at;
    if (file[start] === EXTENSION) {
      const end = endOfBlocks(file, start + 2);
      if (end === undefined) break;
      const block = file.subarray(start, end);
      if (file[start + 1] === CONTROL) control = block;
      else if (file[start + 1] === APPLICATION && LOOPS.has(block.toString('latin1', 3, 14))) kept.push(block);
      at = end;
    } else if (file[start] === FRAME && start + 10 < file.length) {
      const end = endOfBlocks(file, start + 11 + tableBytes(file[start + 9]));
      if (end === undefined) break;
      if (file.readUInt16LE(start + 5) > 0 && file.readUInt16LE(start + 7) > 0) {
        if (control !== undefined) kept.push(control);
        kept.push(file.subarray(start, end));
        frames += 1;
      }
      control = undefined;
      at = end;
    } else if (file[start] === 0) at += 1;
    else break;
  }
  return frames === 0 ? undefined : Buffer.concat([...kept, TRAILER]);
}

function tableBytes(flags = 0): number {
  return (flags & 0x80) === 0 ? 0 : 3 * 2 ** ((flags & 7) + 1);
}

/** Behind the blocks that begin at `at`, the last of which is empty; undefined where the file ends before. */
function endOfBlocks(file: Buffer, at: number): number | undefined {
  for (let next = at; next < file.length; ) {
    const size = file[next] as number;
    next += 1 + size;
    if (size === 0) return next;
  }
  return undefined;
}
