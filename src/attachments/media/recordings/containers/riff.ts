import { type FileHandle, open } from 'node:fs/promises';
import { type Measures, milliseconds, sides, UNKNOWN } from '../measures.js';

const MAX_CHUNKS = 10_000;
/** Lists that hold what is played. */
const CONTAINERS = new Set(['AVI ', 'AVIX', 'hdrl', 'strl', 'odml']);
/** What players need of an AVI; of anything else nobody knows what it says. */
const KEPT = new Set(['avih', 'strh', 'strf', 'strd', 'strn', 'indx', 'vprp', 'dmlh', 'idx1', 'JUNK']);
/** As much of a chunk as is looked at. */
const DESCRIPTION_BYTES = 56;
const ZEROS = Buffer.alloc(64 * 1024);

/**
 * Blanks, in place, what an AVI says of itself. The index points by distance, so nothing moves.
 * @returns its size and length; undefined where it is not what it says, and nothing can be said of it.
 */
export async function cleanAvi(path: string): Promise<Measures | undefined> {
  const file = await open(path, 'r+');
  try {
    const { size } = await file.stat();
    const description = new AviDescription();
    let left = MAX_CHUNKS;
    const walk = async (from: number, to: number): Promise<boolean> => {
      for (let at = from; at + 8 <= to; ) {
        left -= 1;
        if (left <= 0) return false;
        const { buffer: head, bytesRead } = await file.read(Buffer.alloc(12), 0, 12, at);
        if (bytesRead < 8) return false;
        const id = head.toString('latin1', 0, 4);
        const end = Math.min(at + 8 + head.readUInt32LE(4), to);
        if (id === 'RIFF' || id === 'LIST') {
          const list = head.toString('latin1', 8, 12);
          if (CONTAINERS.has(list)) {
            if (!(await walk(at + 12, end))) return false;
          } else if (list !== 'movi') await blank(file, at, end);
        } else if (!KEPT.has(id) || id === 'JUNK') await blank(file, at, end);
        else if (description.has(id)) {
          const { buffer } = await file.read(
            Buffer.alloc(DESCRIPTION_BYTES),
            0,
            Math.min(DESCRIPTION_BYTES, end - at - 8),
            at + 8,
          );
          description.note(id, buffer);
        }
        at = end + (end % 2);
      }
      return true;
    };
    return (await walk(0, size)) ? description.measures : undefined;
  } finally {
    await file.close();
  }
}

/** What the chunks of an AVI say of its size and length. */
class AviDescription {
  private frameMicroseconds = 0;
  private frames = 0;
  private width = 0;
  private height = 0;
  private isVideo = false;
  /** Seconds, of the longest stream. */
  private length = 0;

  has(id: string): boolean {
    return ['avih', 'strh', 'strf', 'dmlh'].includes(id);
  }

  note(id: string, chunk: Buffer): void {
    if (id === 'avih') {
      this.frameMicroseconds = chunk.readUInt32LE(0);
      this.frames = chunk.readUInt32LE(16);
      this.width ||= chunk.readUInt32LE(32);
      this.height ||= chunk.readUInt32LE(36);
    } else if (id === 'dmlh') {
      // Of all parts of a film of more than a gigabyte; the number before it is that of the first.
      this.frames = Math.max(this.frames, chunk.readUInt32LE(0));
    } else if (id === 'strh') {
      this.isVideo = chunk.toString('latin1', 0, 4) === 'vids';
      const [scale, rate, count] = [chunk.readUInt32LE(20), chunk.readUInt32LE(24), chunk.readUInt32LE(32)];
      if (rate > 0) this.length = Math.max(this.length, (count * scale) / rate);
    } else if (this.isVideo) {
      this.width = chunk.readInt32LE(4);
      // Below zero where it is kept from its upper row on.
      this.height = Math.abs(chunk.readInt32LE(8));
    }
  }

  get measures(): Measures {
    const ofFrames = (this.frames * this.frameMicroseconds) / 1_000_000;
    const durationMs = milliseconds(Math.max(ofFrames, this.length));
    return { ...UNKNOWN, ...sides(this.width, this.height), durationMs };
  }
}

async function blank(file: FileHandle, start: number, end: number): Promise<void> {
  await file.write(Buffer.from('JUNK', 'latin1'), 0, 4, start);
  for (let at = start + 8; at < end; at += ZEROS.length)
    await file.write(ZEROS, 0, Math.min(ZEROS.length, end - at), at);
}
