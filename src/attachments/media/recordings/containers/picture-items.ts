import type { FileRange } from './movie-samples.js';

/** Kinds of items that are pictures, or say how pictures are put together; of anything else nobody knows what it says. */
const PICTURES: ReadonlySet<string> = new Set(['av01', 'grid', 'iovl', 'iden', 'tmap']);
const MAX_ITEMS = 10_000;

/** What the tables of a description say of the pictures that it describes, each table with version and flags. */
export interface PictureItems {
  /** Where the bytes of pictures are, in the file and in the description itself. */
  ofFile: FileRange[];
  ofDescription: FileRange[];
  /** Where names of items stand in `information`, and kinds of what they hold. */
  names: FileRange[];
}

/** Undefined where its tables do not say it. */
export function pictureItems(information: Buffer, locations: Buffer): PictureItems | undefined {
  try {
    const { pictures, names } = informationIn(information);
    const found: PictureItems = { ofFile: [], ofDescription: [], names };
    for (const { id, isInDescription, range } of locationsIn(locations)) {
      if (!pictures.has(id)) continue;
      (isInDescription ? found.ofDescription : found.ofFile).push(range);
    }
    return found;
  } catch (error) {
    // It says that there is more of it than there is.
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

function informationIn(table: Buffer): { pictures: Set<number>; names: FileRange[] } {
  const isLong = table.readUInt8(0) > 0;
  const count = isLong ? table.readUInt32BE(4) : table.readUInt16BE(4);
  if (count > MAX_ITEMS) throw new RangeError('too many items');
  const pictures = new Set<number>();
  const names: FileRange[] = [];
  for (let item = 0, at = isLong ? 8 : 6; item < count; item += 1) {
    const end = at + table.readUInt32BE(at);
    const version = table.readUInt8(at + 8);
    const isWide = version === 3;
    const id = isWide ? table.readUInt32BE(at + 12) : table.readUInt16BE(at + 12);
    const kind = at + (isWide ? 18 : 16);
    if (version < 2 || end < kind + 4 || end > table.length) throw new RangeError('an item that ends elsewhere');
    if (PICTURES.has(table.toString('latin1', kind, kind + 4))) pictures.add(id);
    names.push({ start: kind + 4, end });
    at = end;
  }
  return { pictures, names };
}

function* locationsIn(table: Buffer): Generator<{ id: number; isInDescription: boolean; range: FileRange }> {
  const version = table.readUInt8(0);
  const [offsetBytes, lengthBytes] = [table.readUInt8(4) >> 4, table.readUInt8(4) & 15];
  const [baseBytes, indexBytes] = [table.readUInt8(5) >> 4, version > 0 ? table.readUInt8(5) & 15 : 0];
  let at = 6;
  const read = (bytes: number): number => {
    const value = bytes === 0 ? 0 : bytes === 8 ? Number(table.readBigUInt64BE(at)) : table.readUIntBE(at, bytes);
    at += bytes;
    return value;
  };
  const count = read(version < 2 ? 2 : 4);
  if (count > MAX_ITEMS) throw new RangeError('too many items');
  for (let item = 0; item < count; item += 1) {
    const id = read(version < 2 ? 2 : 4);
    const method = version > 0 ? read(2) & 15 : 0;
    // Its bytes are another item's, or in another file.
    if (method > 1 || read(2) !== 0) throw new RangeError('an item that is elsewhere');
    const base = read(baseBytes);
    const extents = read(2);
    for (let extent = 0; extent < extents; extent += 1) {
      at += indexBytes;
      const start = base + read(offsetBytes);
      yield { id, isInDescription: method === 1, range: { start, end: start + read(lengthBytes) } };
    }
  }
}
