import { type FileHandle, open } from 'node:fs/promises';

/**
 * What a file in the frame of MPEG-4 consists of, as far as players need it. Everything else may say where it was made: user
 * data, descriptions, boxes of a maker's own, whatever stands in free space and behind the end.
 */
const KEPT: Readonly<Record<string, ReadonlySet<string>>> = {
  file: new Set(['ftyp', 'styp', 'moov', 'moof', 'mdat', 'mfra', 'sidx', 'ssix', 'pdin', 'prft', 'wide']),
  moov: new Set(['mvhd', 'trak', 'mvex', 'iods']),
  trak: new Set(['tkhd', 'tref', 'edts', 'mdia', 'tapt', 'load']),
  moof: new Set(['mfhd', 'traf']),
  traf: new Set(['tfhd', 'tfdt', 'trun', 'sbgp', 'sgpd', 'subs', 'saiz', 'saio', 'senc', 'sdtp']),
  mdia: new Set(['mdhd', 'hdlr', 'minf', 'elng']),
};
const MAX_BOXES = 20_000;
const ZEROS = Buffer.alloc(64 * 1024);

interface Box {
  type: string;
  /** Where it begins, where what is in it begins, and where it ends. */
  start: number;
  content: number;
  end: number;
}

/**
 * Blanks, in place, everything of a film that is neither picture nor sound; nothing else in the file moves.
 * @returns false where there is a track of something else: its bytes are among the others, and look like them.
 *   Nothing was changed then.
 */
export async function removeMovieMetadata(path: string): Promise<boolean> {
  const file = await open(path, 'r+');
  try {
    const { size } = await file.stat();
    const superfluous: { start: number; end: number; isBox: boolean }[] = [];
    let left = MAX_BOXES;
    let isPlain = true;
    const walk = async (parent: string, from: number, to: number): Promise<void> => {
      let at = from;
      while (at < to) {
        left -= 1;
        const box = left > 0 ? await boxAt(file, at, to) : undefined;
        if (box === undefined) {
          superfluous.push({ start: at, end: to, isBox: false });
          return;
        }
        if (KEPT[parent]?.has(box.type) !== true) superfluous.push({ start: box.start, end: box.end, isBox: true });
        else if (KEPT[box.type] !== undefined) await walk(box.type, box.content, box.end);
        else if (box.type === 'hdlr' && parent === 'mdia' && !(await isPlayed(file, box))) isPlain = false;
        at = box.end;
      }
    };
    await walk('file', 0, size);
    if (!isPlain || left <= 0) return false;
    for (const part of superfluous) await blank(file, part);
    return true;
  } finally {
    await file.close();
  }
}

async function boxAt(file: FileHandle, start: number, limit: number): Promise<Box | undefined> {
  const { buffer: head, bytesRead } = await file.read(Buffer.alloc(16), 0, 16, start);
  if (bytesRead < 8) return undefined;
  const short = head.readUInt32BE(0);
  if (short === 1 && bytesRead < 16) return undefined;
  const isLong = short === 1;
  // Nothing said: up to the end.
  const length = isLong ? Number(head.readBigUInt64BE(8)) : short === 0 ? limit - start : short;
  const content = start + (isLong ? 16 : 8);
  const end = start + length;
  if (end < content || end > limit) return undefined;
  return { type: head.toString('latin1', 4, 8), start, content, end };
}

/** Whether a track is picture or sound: its handler says so. */
async function isPlayed(file: FileHandle, { content }: Box): Promise<boolean> {
  const { buffer } = await file.read(Buffer.alloc(4), 0, 4, content + 8);
  return ['vide', 'soun', 'auxv'].includes(buffer.toString('latin1'));
}

async function blank(
  file: FileHandle,
  { start, end, isBox }: { start: number; end: number; isBox: boolean },
): Promise<void> {
  let at = start;
  if (isBox) {
    const { buffer: head } = await file.read(Buffer.alloc(4), 0, 4, start);
    await file.write(Buffer.from('free', 'latin1'), 0, 4, start + 4);
    at = start + (head.readUInt32BE(0) === 1 ? 16 : 8);
  }
  for (; at < end; at += ZEROS.length) await file.write(ZEROS, 0, Math.min(ZEROS.length, end - at), at);
}
