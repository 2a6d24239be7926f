import { type FileHandle, open } from 'node:fs/promises';

/** Identifiers of Matroska's elements (RFC 9559), with their marker. */
const SEGMENT = 0x18538067;
const INFO = 0x1549a966;
const TRACKS = 0x1654ae6b;
const TRACK = 0xae;
const TRACK_NUMBER = 0xd7;
const TRACK_TYPE = 0x83;
const CLUSTER = 0x1f43b675;
const BLOCK_GROUP = 0xa0;
const BLOCK = 0xa1;
const SIMPLE_BLOCK = 0xa3;
const VOID = 0xec;
const CHECKSUM = 0xbf;
/** What players need; of anything else nobody knows what it says. */
const KEPT: Readonly<Record<number, ReadonlySet<number>>> = {
  [SEGMENT]: new Set([0x114d9b74, INFO, TRACKS, CLUSTER, 0x1c53bb6b]),
  // Its time, blocks, where it is, how long the one before was.
  [CLUSTER]: new Set([0xe7, SIMPLE_BLOCK, BLOCK_GROUP, 0xa7, 0xab]),
  // Scale of its times, duration, its own number.
  [INFO]: new Set([0x2ad7b1, 0x4489, 0x73a4]),
};
/** The programs that wrote it, which must be there. */
const SIGNATURES: ReadonlySet<number> = new Set([0x4d80, 0x5741]);
const TRACK_NAME = 0x536e;
const PLAYED_TYPES: ReadonlySet<number> = new Set([1, 2]);
/** Elements of a segment, at one of which a cluster of unknown length ends. */
const OF_SEGMENT: ReadonlySet<number> = new Set([
  0x114d9b74,
  INFO,
  TRACKS,
  CLUSTER,
  0x1c53bb6b,
  0x1254c367,
  0x1941a469,
  0x1043a770,
]);
const MAX_ELEMENTS = 500_000;
const MAX_HEAD_BYTES = 12;
const WINDOW_BYTES = 16 * 1024;
const ZEROS = Buffer.alloc(64 * 1024);

interface Element {
  id: number;
  start: number;
  content: number;
  end: number;
  isOfUnknownLength: boolean;
}

/**
 * Blanks, in place, everything of a film in Matroska or WebM that is neither picture nor sound: tags, attachments, chapters,
 * titles, tracks of anything else with their blocks. Nothing else in the file moves, and no more of it is in memory than
 * a window.
 * @returns false where it is not what it says; what was blanked until then is of no use to anybody.
 */
export async function removeMatroskaMetadata(path: string): Promise<boolean> {
  const file = await open(path, 'r+');
  try {
    return await new Cleaning(file, (await file.stat()).size).run();
  } finally {
    await file.close();
  }
}

class Cleaning {
  private window = Buffer.alloc(0);
  private windowStart = 0;
  private left = MAX_ELEMENTS;
  /** Numbers of the tracks that are neither picture nor sound. */
  private readonly others = new Set<number>();

  constructor(
    private readonly file: FileHandle,
    private readonly size: number,
  ) {}

  async run(): Promise<boolean> {
    let segments = 0;
    for (let at = 0; at < this.size; ) {
      const element = await this.elementAt(at, this.size);
      if (element === undefined) {
        if (this.left <= 0) return false;
        await this.zero(at, this.size);
        break;
      }
      if (element.id === SEGMENT) {
        segments += 1;
        if (!(await this.segment(element))) return false;
      } else if (at > 0) await this.blank(element);
      at = element.end;
    }
    return segments > 0;
  }

  private async segment({ content, end }: Element): Promise<boolean> {
    let isBegun = false;
    for (let at = content; at < end; ) {
      const element = await this.elementAt(at, end);
      if (element === undefined) return this.breaksOff(at, end);
      at = element.end;
      if (element.id === CLUSTER) {
        isBegun = true;
        const clusterEnd = await this.cluster(element);
        if (clusterEnd === undefined) return false;
        at = clusterEnd;
      } else if (element.isOfUnknownLength) return false;
      else if (element.id === TRACKS) {
        await this.children(element, (child) => this.track(child));
        // What came before its description was taken for played.
        if (isBegun && this.others.size > 0) return false;
      } else if (element.id === INFO) await this.children(element, (child) => this.describe(child));
      else if (KEPT[SEGMENT]?.has(element.id) !== true) await this.blank(element);
    }
    return true;
  }

  /** @returns where it ends. */
  private async cluster(cluster: Element): Promise<number | undefined> {
    let at = cluster.content;
    while (at < cluster.end) {
      const element = await this.elementAt(at, cluster.end);
      if (element === undefined) return (await this.breaksOff(at, cluster.end)) ? cluster.end : undefined;
      if (cluster.isOfUnknownLength && OF_SEGMENT.has(element.id)) break;
      if (KEPT[CLUSTER]?.has(element.id) !== true || (await this.isOther(element))) await this.blank(element);
      at = element.end;
    }
    return at;
  }

  /**
   * Whether nothing that is played comes behind what is no element: a recording ends here, in the middle of one, or with what
   * somebody wrote behind it, perhaps where it was made. Else a player may find its way to the rest.
   */
  private async breaksOff(at: number, end: number): Promise<boolean> {
    if (this.left <= 0 || (await this.hasCluster(at, end))) return false;
    await this.blankRest(at, end);
    return true;
  }

  /** Not to zeros, which are no element either: readers would look for the next one. */
  private async blankRest(start: number, end: number): Promise<void> {
    if (end - start >= 2) await this.blank({ start, end });
    else await this.zero(start, end);
  }

  private async hasCluster(from: number, to: number): Promise<boolean> {
    const id = Buffer.alloc(4);
    id.writeUInt32BE(CLUSTER);
    for (let at = from; at < to; at += WINDOW_BYTES - id.length) {
      const bytes = await this.read(at, Math.min(at + WINDOW_BYTES, to));
      if (bytes.includes(id)) return true;
    }
    return false;
  }

  private async isOther({ id, content, end }: Element): Promise<boolean> {
    if (this.others.size === 0) return false;
    if (id === SIMPLE_BLOCK) return this.others.has((await this.numberAt(content, end)) ?? 0);
    if (id !== BLOCK_GROUP) return false;
    let isOther = false;
    await this.children({ content, end }, async (child) => {
      if (child.id === BLOCK) isOther = this.others.has((await this.numberAt(child.content, child.end)) ?? 0);
    });
    return isOther;
  }

  private async track(entry: Element): Promise<void> {
    if (entry.id !== TRACK) return this.blank(entry);
    let [number, type] = [0, 0];
    await this.children(entry, async ({ id, content, end }) => {
      if (id === TRACK_NUMBER) number = await this.wholeNumber(content, end);
      else if (id === TRACK_TYPE) type = await this.wholeNumber(content, end);
    });
    if (!PLAYED_TYPES.has(type)) {
      this.others.add(number);
      return this.blank(entry);
    }
    await this.children(entry, async (child) => {
      if (child.id === TRACK_NAME || child.id === VOID || child.id === CHECKSUM) await this.blank(child);
    });
  }

  private async describe(element: Element): Promise<void> {
    if (SIGNATURES.has(element.id)) await this.fill(element.content, element.end, 0x20);
    else if (KEPT[INFO]?.has(element.id) !== true) await this.blank(element);
  }

  private async children(
    { content, end }: Pick<Element, 'content' | 'end'>,
    visit: (child: Element) => Promise<void>,
  ): Promise<void> {
    for (let at = content; at < end; ) {
      const child = await this.elementAt(at, end);
      if (child === undefined) {
        if (this.left > 0) await this.blankRest(at, end);
        return;
      }
      await visit(child);
      at = child.end;
    }
  }

  private async elementAt(start: number, limit: number): Promise<Element | undefined> {
    this.left -= 1;
    if (this.left <= 0) return undefined;
    const head = await this.read(start, Math.min(start + MAX_HEAD_BYTES, limit));
    const idLength = Math.clz32((head[0] ?? 0) << 24) + 1;
    if (idLength > 4 || head.length < idLength + 1) return undefined;
    const sizeLength = Math.clz32((head[idLength] ?? 0) << 24) + 1;
    if (sizeLength > 8 || head.length < idLength + sizeLength) return undefined;
    const content = start + idLength + sizeLength;
    const bytes = head.subarray(idLength, idLength + sizeLength);
    const isOfUnknownLength =
      (bytes[0] as number) === 2 ** (9 - sizeLength) - 1 && bytes.subarray(1).every((byte) => byte === 255);
    const size = valueOf(bytes, sizeLength);
    const end = isOfUnknownLength ? limit : content + size;
    // The last element of a recording that broke off says more than there is.
    const isCut = end > limit && limit === this.size;
    if (end > limit && !isCut) return undefined;
    return { id: head.readUIntBE(0, idLength), start, content, end: Math.min(end, limit), isOfUnknownLength };
  }

  /** A number with its length before it, as blocks begin with their track's. */
  private async numberAt(at: number, limit: number): Promise<number | undefined> {
    const head = await this.read(at, Math.min(at + 8, limit));
    const length = Math.clz32((head[0] ?? 0) << 24) + 1;
    return head.length < length ? undefined : valueOf(head.subarray(0, length), length);
  }

  private async wholeNumber(start: number, end: number): Promise<number> {
    if (end - start > 6 || end <= start) return 0;
    return (await this.read(start, end)).readUIntBE(0, end - start);
  }

  /** What is there instead says that it is nothing. */
  private async blank({ start, end }: Pick<Element, 'start' | 'end'>): Promise<void> {
    const length = end - start;
    const head = length < 129 ? Buffer.from([VOID, 0x80 | (length - 2)]) : Buffer.alloc(9);
    if (head.length === 9) {
      head.writeBigUInt64BE((1n << 56n) | BigInt(length - 9), 1);
      head[0] = VOID;
    }
    await this.file.write(head, 0, head.length, start);
    await this.zero(start + head.length, end);
  }

  private zero(start: number, end: number): Promise<void> {
    return this.fill(start, end, 0);
  }

  private async fill(start: number, end: number, byte: number): Promise<void> {
    const bytes = byte === 0 ? ZEROS : Buffer.alloc(Math.min(ZEROS.length, Math.max(0, end - start)), byte);
    for (let at = start; at < end; at += bytes.length)
      await this.file.write(bytes, 0, Math.min(bytes.length, end - at), at);
    this.window = Buffer.alloc(0);
  }

  private async read(start: number, end: number): Promise<Buffer> {
    if (start < this.windowStart || end > this.windowStart + this.window.length) {
      const { buffer, bytesRead } = await this.file.read(Buffer.alloc(WINDOW_BYTES), 0, WINDOW_BYTES, start);
      this.window = buffer.subarray(0, bytesRead);
      this.windowStart = start;
    }
    return this.window.subarray(start - this.windowStart, end - this.windowStart);
  }
}

/** Without the bits that say how long it is. */
function valueOf(bytes: Buffer, length: number): number {
  let value = (bytes[0] as number) & (2 ** (8 - length) - 1);
  for (const byte of bytes.subarray(1)) value = value * 256 + byte;
  return value;
}
