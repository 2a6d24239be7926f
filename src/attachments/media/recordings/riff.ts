import { type FileHandle, open } from 'node:fs/promises';

const MAX_CHUNKS = 10_000;
/** Lists that hold what is played. */
const CONTAINERS = new Set(['AVI ', 'AVIX', 'hdrl', 'strl', 'odml']);
/** What players need of an AVI; of anything else nobody knows what it says. */
const KEPT = new Set(['avih', 'strh', 'strf', 'strd', 'strn', 'indx', 'vprp', 'dmlh', 'idx1', 'JUNK']);
const ZEROS = Buffer.alloc(64 * 1024);

/**
 * Blanks, in place, what an AVI says of itself. The index points by distance, so nothing moves.
 * @returns false where it is not what it says, and nothing can be said of it.
 */
export async function removeRiffMetadata(path: string): Promise<boolean> {
  const file = await open(path, 'r+');
  try {
    const { size } = await file.stat();
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
        at = end + (end % 2);
      }
      return true;
    };
    return await walk(0, size);
  } finally {
    await file.close();
  }
}

async function blank(file: FileHandle, start: number, end: number): Promise<void> {
  await file.write(Buffer.from('JUNK', 'latin1'), 0, 4, start);
  for (let at = start + 8; at < end; at += ZEROS.length)
    await file.write(ZEROS, 0, Math.min(ZEROS.length, end - at), at);
}
