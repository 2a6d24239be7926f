import { type FileHandle, open } from 'node:fs/promises';
import { pictureItems } from './picture-items.js';
import {
  type FileRange,
  type Fragment,
  FragmentSamples,
  gapsIn,
  samplesOf,
  type SampleTables,
} from './movie-samples.js';

/**
 * What a file in the frame of MPEG-4 consists of, as far as players need it. Everything else may say where it was made: user
 * data, descriptions, boxes of a maker's own, whatever stands in free space and behind the end.
 */
const KEPT: Readonly<Record<string, ReadonlySet<string>>> = {
  file: new Set(['ftyp', 'styp', 'moov', 'moof', 'mdat', 'mfra', 'sidx', 'ssix', 'pdin', 'prft', 'wide']),
  moov: new Set(['mvhd', 'trak', 'mvex', 'iods']),
  mvex: new Set(['mehd', 'trex', 'leva']),
  trak: new Set(['tkhd', 'tref', 'edts', 'mdia', 'tapt', 'load']),
  moof: new Set(['mfhd', 'traf']),
  traf: new Set(['tfhd', 'tfdt', 'trun', 'sbgp', 'sgpd', 'subs', 'saiz', 'saio', 'senc', 'sdtp']),
  mdia: new Set(['mdhd', 'hdlr', 'minf', 'elng']),
  minf: new Set(['vmhd', 'smhd', 'nmhd', 'hdlr', 'dinf', 'stbl', 'gmhd']),
  stbl: new Set([
    ...['stsd', 'stts', 'ctts', 'cslg', 'stsc', 'stsz', 'stz2', 'stco', 'co64', 'stss', 'stsh', 'stps'],
    ...['padb', 'stdp', 'sdtp', 'sbgp', 'sgpd', 'subs', 'saiz', 'saio'],
  ]),
};
const MAX_BOXES = 20_000;
/** Of all tables of a film together, in memory. */
const MAX_TABLE_BYTES = 16 * 1024 * 1024;
const ZEROS = Buffer.alloc(64 * 1024);
/** Version and flags. */
const FLAGS_BYTES = 4;
/** Where a handler's name begins, in its box. */
const HANDLER_NAME = 24;
/** Where the name of what compressed a picture begins in its description, and how long it is. */
const COMPRESSOR_NAME = 50;
const COMPRESSOR_BYTES = 32;
/** Where the number of channels stands in a sound's description, and the bits of each behind it. */
const SOUND_CHANNELS = 24;

interface MovieKind {
  kept: Readonly<Record<string, ReadonlySet<string>>>;
  /** Handlers of its tracks; those of pictures, and all. */
  pictures: ReadonlySet<string>;
  played: ReadonlySet<string>;
  /** Samples of each of its tracks at least. */
  minSamples: number;
}

const FILM: MovieKind = {
  kept: KEPT,
  pictures: new Set(['vide', 'auxv']),
  played: new Set(['vide', 'auxv', 'soun']),
  minSamples: 0,
};
const PICTURE_SEQUENCE: MovieKind = {
  kept: {
    ...KEPT,
    file: new Set(['ftyp', 'meta', 'moov', 'mdat']),
    meta: new Set(['hdlr', 'pitm', 'iloc', 'iinf', 'iprp', 'iref', 'idat']),
    iprp: new Set(['ipco', 'ipma']),
    ipco: new Set([
      ...['ispe', 'pixi', 'av1C', 'colr', 'auxC', 'pasp', 'clap', 'irot', 'imir', 'a1op', 'a1lx', 'lsel'],
      ...['clli', 'mdcv', 'cclv', 'amve'],
    ]),
  },
  pictures: new Set(['pict', 'auxv']),
  played: new Set(['pict', 'auxv']),
  minSamples: 2,
};

interface Box extends FileRange {
  type: string;
  /** Where what is in it begins. */
  content: number;
}

/**
 * Blanks, in place, everything of a film that is neither picture nor sound, also what stands between their bytes; nothing else in
 * the file moves.
 * @returns false where there is a track of something else, whose bytes are among the others and look like them, or where it cannot be
 *   said which bytes are whose. Nothing was changed then.
 */
export function removeMovieMetadata(path: string): Promise<boolean> {
  return clean(path, FILM);
}

/**
 * The same of pictures in AVIF that follow one another, and of the picture that stands for them.
 * @returns false where there is but one, or as above. Nothing was changed then.
 */
export function cleanPictureSequence(path: string): Promise<boolean> {
  return clean(path, PICTURE_SEQUENCE);
}

async function clean(path: string, kind: MovieKind): Promise<boolean> {
  const file = await open(path, 'r+');
  try {
    const movie = new Movie(file, (await file.stat()).size, kind);
    const superfluous = await movie.superfluous();
    if (superfluous === undefined) return false;
    for (const part of superfluous) await blank(file, part);
    return true;
  } finally {
    await file.close();
  }
}

interface Superfluous extends FileRange {
  /** A box, which is of a kind that says nothing from then on. */
  isBox: boolean;
}

/** What becomes known of a file on one way through its boxes. */
class Movie {
  private readonly superfluousParts: Superfluous[] = [];
  private readonly bytes: FileRange[] = [];
  private readonly tables: SampleTables[] = [];
  private readonly fragments: (Omit<Fragment, 'head' | 'runs'> & { head: Buffer; runs: Buffer[] })[] = [];
  private readonly defaultSizes = new Map<number, number>();
  private left = MAX_BOXES;
  private tableBytes = MAX_TABLE_BYTES;
  private isPlain = true;
  private fragmentStart = 0;
  /** What describes pictures beside the tracks, and what of their bytes stands in the description. */
  private information: { start: number; table: Buffer } | undefined;
  private locations: Buffer | undefined;
  private own: FileRange | undefined;
  /** What the track that it is at is. */
  private handler = '';

  constructor(
    private readonly file: FileHandle,
    private readonly size: number,
    private readonly kind: MovieKind,
  ) {}

  async superfluous(): Promise<Superfluous[] | undefined> {
    await this.walk('file', 0, this.size);
    if (!this.isPlain || this.left <= 0 || this.tableBytes < 0) return undefined;
    const samples = this.samples();
    const items = this.items();
    if (samples === undefined || items === undefined) return undefined;
    const used = [...samples, ...items];
    const gaps = this.bytes.flatMap((part) => gapsIn(part, used));
    return [...this.superfluousParts, ...gaps.map((gap) => ({ ...gap, isBox: false }))];
  }

  /** Where pictures beside the tracks are. What names them is superfluous. */
  private items(): FileRange[] | undefined {
    const { information, locations, own } = this;
    if (information === undefined && locations === undefined) return [];
    if (information === undefined || locations === undefined) return undefined;
    const found = pictureItems(information.table, locations);
    if (found === undefined || (own === undefined && found.ofDescription.length > 0)) return undefined;
    const moved = ({ start, end }: FileRange, by: number): FileRange => ({ start: start + by, end: end + by });
    for (const name of found.names) this.superfluousParts.push({ ...moved(name, information.start), isBox: false });
    return [...found.ofFile, ...found.ofDescription.map((range) => moved(range, own?.start ?? 0))];
  }

  private samples(): FileRange[] | undefined {
    const fragments = new FragmentSamples(this.defaultSizes);
    const ranges: FileRange[] = [];
    for (const found of [
      ...this.tables.map((tables) => samplesOf(tables)),
      ...this.fragments.map((fragment) => fragments.samplesOf(fragment)),
    ]) {
      if (found === undefined) return undefined;
      for (const range of found) ranges.push(range);
    }
    const { minSamples } = this.kind;
    const isTooShort = this.tables.some(({ sampleSizes }) => (sampleSizes?.readUInt32BE(4) ?? 0) < minSamples);
    return isTooShort || (this.tables.length === 0 && minSamples > 0) ? undefined : ranges;
  }

  private async walk(parent: string, from: number, to: number): Promise<void> {
    for (let at = from; at < to; ) {
      this.left -= 1;
      const box = this.left > 0 ? await boxAt(this.file, at, to, parent) : undefined;
      if (box === undefined) {
        this.superfluousParts.push({ start: at, end: to, isBox: false });
        return;
      }
      if (this.kind.kept[parent]?.has(box.type) !== true) this.superfluousParts.push({ ...box, isBox: true });
      else {
        await this.note(parent, box);
        const content = box.type === 'meta' ? box.content + FLAGS_BYTES : box.content;
        if (this.kind.kept[box.type] !== undefined) await this.walk(box.type, content, box.end);
      }
      at = box.end;
    }
  }

  private async note(parent: string, box: Box): Promise<void> {
    switch (box.type) {
      case 'mdat':
        this.bytes.push({ start: box.content, end: box.end });
        return;
      case 'idat':
        this.own = { start: box.content, end: box.end };
        this.bytes.push(this.own);
        return;
      case 'iinf':
        this.information = { start: box.content, table: await this.contentOf(box) };
        return;
      case 'iloc':
        this.locations = await this.contentOf(box);
        return;
      case 'hdlr':
        if (parent === 'mdia') this.noteHandler(await handlerOf(this.file, box));
        if (box.end > box.content + HANDLER_NAME)
          this.superfluousParts.push({ start: box.content + HANDLER_NAME, end: box.end, isBox: false });
        return;
      case 'moof':
        this.fragmentStart = box.start;
        return;
      case 'stbl':
        this.tables.push({});
        return;
      case 'traf':
        this.fragments.push({ start: this.fragmentStart, head: Buffer.alloc(0), runs: [] });
        return;
      case 'stsd':
        return this.noteDescriptions(box);
    }
    if (['stco', 'co64', 'stsc', 'stsz', 'stz2', 'tfhd', 'trun', 'trex'].includes(box.type))
      this.noteTable(box.type, await this.contentOf(box));
  }

  private noteHandler(handler: string): void {
    this.handler = handler;
    if (!this.kind.played.has(handler)) this.isPlain = false;
  }

  private noteTable(type: string, content: Buffer): void {
    const table = content.subarray(FLAGS_BYTES);
    const [tables, fragment] = [this.tables.at(-1), this.fragments.at(-1)];
    if (type === 'trex' && table.length >= 16) this.defaultSizes.set(table.readUInt32BE(0), table.readUInt32BE(12));
    if (fragment !== undefined && type === 'tfhd') fragment.head = content;
    if (fragment !== undefined && type === 'trun') fragment.runs.push(content);
    if (tables === undefined) return;
    if (type === 'stco') tables.chunkOffsets = { table, bytes: 4 };
    if (type === 'co64') tables.chunkOffsets = { table, bytes: 8 };
    if (type === 'stsc') tables.samplesOfChunks = table;
    if (type === 'stsz') tables.sampleSizes = table;
    if (type === 'stz2') tables.compactSizes = table;
  }

  /** Names of programs in the descriptions of pictures, and how long samples of sounds are. */
  private async noteDescriptions(box: Box): Promise<void> {
    const isPicture = this.kind.pictures.has(this.handler);
    const sound = this.handler === 'soun' ? this.tables.at(-1) : undefined;
    if (!isPicture && sound === undefined) return;
    for (let at = box.content + 8; at + 8 <= box.end; ) {
      this.left -= 1;
      const entry = this.left > 0 ? await boxAt(this.file, at, box.end, box.type) : undefined;
      if (entry === undefined) return;
      const start = entry.start + COMPRESSOR_NAME;
      const end = start + COMPRESSOR_BYTES;
      if (isPicture && end <= entry.end) this.superfluousParts.push({ start, end, isBox: false });
      if (sound !== undefined && !(await isOfSingleBytes(this.file, entry))) sound.isOfLongSamples = true;
      at = entry.end;
    }
  }

  private async contentOf({ content, end }: Box): Promise<Buffer> {
    const length = end - content;
    this.tableBytes -= length;
    if (this.tableBytes < 0) return Buffer.alloc(0);
    const { buffer, bytesRead } = await this.file.read(Buffer.alloc(length), 0, length, content);
    return buffer.subarray(0, bytesRead);
  }
}

async function boxAt(file: FileHandle, start: number, limit: number, parent: string): Promise<Box | undefined> {
  const { buffer: head, bytesRead } = await file.read(Buffer.alloc(16), 0, 16, start);
  if (bytesRead < 8) return undefined;
  const short = head.readUInt32BE(0);
  if (short === 1 && bytesRead < 16) return undefined;
  const isLong = short === 1;
  // Nothing said: up to the end.
  const length = isLong ? Number(head.readBigUInt64BE(8)) : short === 0 ? limit - start : short;
  const content = start + (isLong ? 16 : 8);
  const end = start + length;
  const type = head.toString('latin1', 4, 8);
  // A film that broke off in the middle is played as far as it goes.
  const isCut = parent === 'file' && type === 'mdat' && end > limit;
  if (end < content || (end > limit && !isCut)) return undefined;
  return { type, start, content, end: Math.min(end, limit) };
}

/** What a track is, as its handler says. */
async function handlerOf(file: FileHandle, { content }: Box): Promise<string> {
  const { buffer } = await file.read(Buffer.alloc(4), 0, 4, content + 8);
  return buffer.toString('latin1');
}

/** Whether each sample of a sound, of all its channels, is one byte. */
async function isOfSingleBytes(file: FileHandle, { start, type }: Box): Promise<boolean> {
  const { buffer } = await file.read(Buffer.alloc(4), 0, 4, start + SOUND_CHANNELS);
  const [channels, bits] = [buffer.readUInt16BE(0), buffer.readUInt16BE(2)];
  // Bits of what is compressed are always 16.
  const isByte = /^[au]law$/.test(type) || (/^(raw |twos|sowt|NONE)$/.test(type) && bits === 8);
  return isByte && channels === 1;
}

async function blank(file: FileHandle, { start, end, isBox }: Superfluous): Promise<void> {
  let at = start;
  if (isBox) {
    const { buffer: head } = await file.read(Buffer.alloc(4), 0, 4, start);
    await file.write(Buffer.from('free', 'latin1'), 0, 4, start + 4);
    at = start + (head.readUInt32BE(0) === 1 ? 16 : 8);
  }
  for (; at < end; at += ZEROS.length) await file.write(ZEROS, 0, Math.min(ZEROS.length, end - at), at);
}
