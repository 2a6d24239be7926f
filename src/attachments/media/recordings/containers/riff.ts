import { type FileHandle, open } from 'node:fs/promises';
import { type Measures, milliseconds, sides, UNKNOWN } from '../measures.js';

/** Frames of an hour and a half, with as much sound. */
const MAX_CHUNKS = 500_000;
const MAX_DEPTH = 8;
/** Lists that describe what is played. */
const CONTAINERS = new Set(['AVI ', 'AVIX', 'hdrl', 'strl', 'odml']);
/** What players need of an AVI; of anything else nobody knows what it says. Cameras write descriptions into `strd`. */
const KEPT = new Set(['avih', 'strh', 'strf', 'indx', 'vprp', 'dmlh', 'idx1']);
/** Streams of pictures, of sound, and of both in one, whose name some swap. */
const PLAYED = new Set(['vids', 'auds', 'iavs', 'ivas']);
/** What is played: a stream's number and what comes of it (`00dc`), or a part of its index (`ix00`). */
const FRAMES = /^(?:ix(\d\d)|(\d\d)\w\w)$/;
/** As much of a chunk as is looked at. */
const DESCRIPTION_BYTES = 56;
const ZEROS = Buffer.alloc(64 * 1024);

/**
 * Blanks, in place, what an AVI says of itself, and what lies between its frames: streams of anything else than picture and
 * sound, and padding. The index points by distance, so nothing moves.
 * @returns its size and length; undefined where it is not what it says, and nothing can be said of it: then it stays as it came.
 */
export async function cleanAvi(path: string): Promise<Measures | undefined> {
  const file = await open(path, 'r+');
  try {
    const { size } = await file.stat();
    if (!(await new Film(file, false).cleanList(0, size))) return undefined;
    const film = new Film(file, true);
    await film.cleanList(0, size);
    await film.flush();
    return film.description.measures;
  } finally {
    await file.close();
  }
}

/** A film that is passed over from its beginning on. What changes is written a window at a time: there may be padding for each frame. */
class Film {
  readonly description = new AviDescription();
  private left = MAX_CHUNKS;
  private window = Buffer.alloc(0);
  private windowStart = 0;
  private isChanged = false;

  constructor(
    private readonly file: FileHandle,
    /** Whether it is cleaned, and not only looked through. */
    private readonly isWritten: boolean,
  ) {}

  /** @returns false where it cannot be cleaned. */
  async cleanList(from: number, to: number, list = '', depth = 0): Promise<boolean> {
    if (depth > MAX_DEPTH) return false;
    for (let at = from; at + 8 <= to; ) {
      this.left -= 1;
      if (this.left <= 0) return false;
      const head = await this.read(at, 12);
      if (head.length < 8) return false;
      const id = head.toString('latin1', 0, 4);
      const length = head.readUInt32LE(4);
      const end = Math.min(at + 8 + length, to);
      const isList = id === 'RIFF' || id === 'LIST';
      // As in a recording that broke off before its lengths were written.
      if (isList && length < 4) return false;
      const inner = isList ? head.toString('latin1', 8, 12) : '';
      const isFrames = list === 'movi' || list === 'rec ';
      if (isFrames ? inner === 'rec ' : CONTAINERS.has(inner) || inner === 'movi') {
        // Without a description before them nobody knows whose frames they are.
        if (inner === 'movi' && this.description.played.length === 0) return false;
        if (!(await this.cleanList(at + 12, end, inner, depth + 1))) return false;
      } else if (isFrames) {
        const [frame, indexed, played] = FRAMES.exec(id) ?? [];
        // Where there is something else, as behind a chunk without its padding, it cannot be followed.
        if (frame === undefined && id !== 'JUNK' && !isList) return false;
        if (!this.description.played[Number(indexed ?? played)]) await this.blank(at, end);
      } else if (!KEPT.has(id) || (list === 'strl' && id !== 'strh' && !this.description.played.at(-1))) {
        await this.blank(at, end);
      } else if (this.description.has(id)) {
        this.description.note(id, await this.descriptionAt(at + 8, end));
      }
      at = end + (end % 2);
    }
    return true;
  }

  async flush(): Promise<void> {
    if (this.isChanged) await this.file.write(this.window, 0, this.window.length, this.windowStart);
    this.isChanged = false;
  }

  private async descriptionAt(start: number, end: number): Promise<Buffer> {
    const description = Buffer.alloc(DESCRIPTION_BYTES);
    (await this.read(start, Math.min(DESCRIPTION_BYTES, end - start))).copy(description);
    return description;
  }

  private async blank(start: number, end: number): Promise<void> {
    if (!this.isWritten) return;
    await this.read(start, 8);
    this.window.write('JUNK', start - this.windowStart, 'latin1');
    const within = Math.min(end, this.windowStart + this.window.length);
    this.window.fill(0, start - this.windowStart + 8, within - this.windowStart);
    this.isChanged = true;
    for (let at = within; at < end; at += ZEROS.length)
      await this.file.write(ZEROS, 0, Math.min(ZEROS.length, end - at), at);
  }

  /** Fewer bytes than asked for at the end of the file. */
  private async read(at: number, length: number): Promise<Buffer> {
    if (at < this.windowStart || at + length > this.windowStart + this.window.length) {
      await this.flush();
      const { buffer, bytesRead } = await this.file.read(Buffer.alloc(ZEROS.length), 0, ZEROS.length, at);
      this.window = buffer.subarray(0, bytesRead);
      this.windowStart = at;
    }
    return this.window.subarray(at - this.windowStart, at - this.windowStart + length);
  }
}

/** What the chunks of an AVI say of its size and length. */
class AviDescription {
  private frameMicroseconds = 0;
  private frames = 0;
  private width = 0;
  private height = 0;
  private isVideo = false;
  /** Of each stream, by its number, whether it is played. */
  readonly played: boolean[] = [];
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
      const type = chunk.toString('latin1', 0, 4);
      this.isVideo = type === 'vids';
      this.played.push(PLAYED.has(type));
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
