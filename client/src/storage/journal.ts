/// <reference types="node" />
import { open, rename, unlink } from 'node:fs/promises';
import { dirname } from 'node:path';
import { type StorageKey, StorageError, type StoreName, type StoredValue } from '../ports/storage.js';
import { CACHE_LAYOUT, isDurable, STORES } from './layout.js';
import type { RowChange } from './rows.js';
import { decode, encode } from './stored-value.js';

/** Below this size a journal is not worth being written anew. */
const MIN_COMPACTED_BYTES = 1024 * 1024;
/** So many times larger than what it says it may grow. */
const MAX_GROWTH = 4;
const WRITE_BYTES = 1024 * 1024;
/** The last line of each transaction: what has none after it never happened. */
const COMMIT = '.';
const LINE_FEED = 10;

/** The part of an open file that is used. */
export interface OpenFile {
  readFile(): Promise<Uint8Array>;
  write(bytes: Uint8Array, offset: number, length: number, position: number): Promise<{ bytesWritten: number }>;
  truncate(size: number): Promise<void>;
  datasync(): Promise<void>;
  stat(): Promise<{ nlink: number }>;
  sync(): Promise<void>;
  close(): Promise<void>;
}

export interface JournalOptions {
  /** For tests of what a newer or an older version of the app does to the file. */
  cacheLayout?: number;
  /** For tests of a disk that fails. */
  openFile?: (path: string, flags: string, mode?: number) => Promise<OpenFile>;
}

/**
 * A file to which each transaction is added as lines: one for each row (store, key, value), and one that ends it. Written
 * anew, beside the old one and put in its place as a whole, when most of it is history.
 */
export class Journal {
  private file: OpenFile | undefined;
  /** Where the next transaction begins. */
  private size = 0;
  /** What it was when it was written last, without history. */
  private compactedSize = 0;
  /** The file may be longer than `size`: a write ended in the middle. */
  private isTorn = false;
  private readonly openFile: NonNullable<JournalOptions['openFile']>;
  private readonly layout: number;

  private constructor(
    private readonly path: string,
    { cacheLayout = CACHE_LAYOUT, openFile = open }: JournalOptions,
  ) {
    this.openFile = openFile;
    this.layout = cacheLayout;
  }

  /** Opens or makes the journal, and hands over each row that it holds, as it came to be. */
  static async open(path: string, take: (change: RowChange) => void, options: JournalOptions = {}): Promise<Journal> {
    const journal = new Journal(path, options);
    const bytes = Buffer.from(await (await journal.handle()).readFile());
    const { changes, size, isWhole } = read(bytes, journal.layout);
    for (const change of changes) take(change);
    journal.size = size;
    journal.isTorn = size < bytes.length;
    if (isWhole) journal.compactedSize = MIN_COMPACTED_BYTES;
    return journal;
  }

  /** There is too much history in it, or it is not of this layout. */
  get isToBeCompacted(): boolean {
    return this.compactedSize === 0 || this.size > MAX_GROWTH * Math.max(this.compactedSize, MIN_COMPACTED_BYTES);
  }

  /** Resolves when the rows survive a kill of the process, those that the user made also a loss of power. */
  async append(changes: readonly RowChange[]): Promise<void> {
    try {
      const file = await this.handle();
      if (this.isTorn) await file.truncate(this.size);
      this.isTorn = true;
      const bytes = Buffer.from([...changes.map(lineOf), COMMIT, ''].join('\n'));
      await writeAt(file, bytes, this.size);
      if (changes.some(({ store }) => isDurable(store))) {
        await file.datasync();
        // Removed while it is open: what is written to it is gone with this process.
        if ((await file.stat()).nlink === 0) throw new Error('The file was removed.');
      }
      this.size += bytes.length;
      this.isTorn = false;
    } catch (error) {
      throw failure(error);
    }
  }

  /** Writes it anew with these rows alone. Where that fails, the old one goes on. */
  async compact(rows: Iterable<RowChange>): Promise<void> {
    const draft = `${this.path}.new`;
    let size: number;
    try {
      size = await this.write(draft, rows);
      // Windows replaces no file that is open.
      await this.close();
      await rename(draft, this.path);
    } catch (error) {
      await unlink(draft).catch(() => undefined);
      throw failure(error);
    }
    Object.assign(this, { size, compactedSize: size, isTorn: false });
    await syncFolder(dirname(this.path));
  }

  async close(): Promise<void> {
    const { file } = this;
    this.file = undefined;
    await file?.close().catch(() => undefined);
  }

  private async handle(): Promise<OpenFile> {
    // Not 'a+': a write must be able to begin before what was torn.
    this.file ??= await this.openFile(this.path, 'r+').catch((error: unknown) => {
      // One that is gone is no empty one: what follows would begin in the middle of nothing.
      if (codeOf(error) === 'ENOENT' && this.size === 0) return this.openFile(this.path, 'wx+', 0o600);
      throw error;
    });
    return this.file;
  }

  private async write(path: string, rows: Iterable<RowChange>): Promise<number> {
    const file = await this.openFile(path, 'w', 0o600);
    try {
      let size = 0;
      let text = `${headerOf(this.layout)}\n`;
      const flush = async (): Promise<void> => {
        const bytes = Buffer.from(text);
        await writeAt(file, bytes, size);
        size += bytes.length;
        text = '';
      };
      for (const row of rows) {
        text += `${lineOf(row)}\n`;
        if (text.length > WRITE_BYTES) await flush();
      }
      text += `${COMMIT}\n`;
      await flush();
      await file.sync();
      return size;
    } finally {
      await file.close();
    }
  }
}

const headerOf = (layout: number): string => `parley 1 ${layout}`;

/** Tab and line feed are in no key, and JSON writes them as escapes. */
function lineOf({ store, key, value }: RowChange): string {
  if (value === undefined) return `${store}\t${key}`;
  const encoded = encode(value);
  return `${store}\t${key}\t${typeof encoded === 'string' ? encoded : `x${Buffer.from(encoded).toString('base64')}`}`;
}

/** The transactions that are whole, in order, and where they end. */
function read(bytes: Buffer, layout: number): { changes: RowChange[]; size: number; isWhole: boolean } {
  const changes: RowChange[] = [];
  let pending: RowChange[] = [];
  let size = 0;
  let header: string | undefined;
  let isSpoilt = false;
  for (
    let start = 0, end = bytes.indexOf(LINE_FEED);
    end >= 0;
    start = end + 1, end = bytes.indexOf(LINE_FEED, start)
  ) {
    const line = bytes.toString('utf8', start, end);
    if (header === undefined) header = line;
    else if (line === COMMIT) {
      for (const change of pending) changes.push(change);
      pending = [];
      size = end + 1;
    } else {
      const change = changeOf(line);
      if (change === undefined) isSpoilt = true;
      else pending.push(change);
    }
  }
  // The caches of another layout, or of which a part is missing, are made anew; what the user made is read in any case.
  const isWhole = !isSpoilt && size > 0 && header === headerOf(layout);
  return { changes: isWhole ? changes : changes.filter(({ store }) => isDurable(store)), size, isWhole };
}

/** Undefined for a line that the disk has spoilt, or of a store that this version does not know. */
function changeOf(line: string): RowChange | undefined {
  const [store = '', key = '', encoded] = line.split('\t') as [string?, StorageKey?, string?];
  if (!(STORES as readonly string[]).includes(store) || key === '') return undefined;
  try {
    const value = encoded === undefined ? undefined : valueOf(encoded);
    return { store: store as StoreName, key, value };
  } catch {
    return undefined;
  }
}

function valueOf(encoded: string): StoredValue {
  return encoded.startsWith('x') ? new Uint8Array(Buffer.from(encoded.slice(1), 'base64')) : decode(encoded);
}

async function writeAt(file: OpenFile, bytes: Uint8Array, position: number): Promise<void> {
  for (let done = 0; done < bytes.length; ) {
    const { bytesWritten } = await file.write(bytes, done, bytes.length - done, position + done);
    done += bytesWritten;
  }
}

/** Makes the new name of a file survive a loss of power, where the platform can do that for folders. */
export async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r').catch(() => undefined);
  await folder?.sync().catch(() => undefined);
  await folder?.close().catch(() => undefined);
}

export const codeOf = (error: unknown): string | undefined => (error as { code?: string } | undefined)?.code;

export function failure(error: unknown): StorageError {
  const code = codeOf(error);
  if (code === 'ENOSPC' || code === 'EDQUOT') return new StorageError('QUOTA', 'The disk is full.', { cause: error });
  return new StorageError('UNAVAILABLE', `The file failed: ${String(error)}`, { cause: error });
}
