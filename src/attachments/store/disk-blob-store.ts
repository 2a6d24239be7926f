import { createReadStream } from 'node:fs';
import { copyFile, mkdir, open, rename, rm, rmdir, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Readable } from 'node:stream';
import { BlobStore, type ByteRange } from './blob-store.js';
import { withErrorListener } from '../uploads/receiving/counted-stream.js';

/** A file on its way from another disk. */
const PARTIAL = '.partial';

/** Files in a directory, best on the same disk as what is put into it: then none is copied. */
export class DiskBlobStore extends BlobStore {
  constructor(private readonly directory: string) {
    super();
  }

  override async put(key: string, path: string): Promise<void> {
    const target = this.pathOf(key);
    await mkdir(dirname(target), { recursive: true });
    // Renamed whole: a reader sees all of it or nothing.
    try {
      await synchronise(path);
      await rename(path, target);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EXDEV') throw error;
      await this.copy(path, target);
    }
    await synchronise(dirname(target));
  }

  /** From another disk. */
  private async copy(path: string, target: string): Promise<void> {
    const partial = target + PARTIAL;
    try {
      await copyFile(path, partial);
      await synchronise(partial);
      await rename(partial, target);
    } catch (error) {
      await rm(partial, { force: true });
      throw error;
    }
    await rm(path, { force: true });
  }

  override async read(key: string, range?: ByteRange): Promise<Readable | undefined> {
    const handle = await open(this.pathOf(key)).catch(absent);
    return handle === undefined ? undefined : withErrorListener(createReadStream('', { fd: handle, ...range }));
  }

  override async remove(keys: readonly string[]): Promise<void> {
    // A process that was killed may have left a part of it.
    for (const path of keys.map((key) => this.pathOf(key)))
      for (const file of [path, path + PARTIAL]) await rm(file, { force: true });
    // Refused as long as something is in it.
    for (const directory of new Set(keys.map((key) => dirname(this.pathOf(key)))))
      await rmdir(directory).catch(() => undefined);
  }

  override async presign(): Promise<undefined> {
    return undefined;
  }

  override async sizeOf(key: string): Promise<number | undefined> {
    return (await stat(this.pathOf(key)).catch(absent))?.size;
  }

  private pathOf(key: string): string {
    // The last two digits of an id are random: no directory grows too large to be listed.
    const [id = ''] = key.split('/');
    return join(this.directory, id.slice(-2), key);
  }
}

/** Until it is on the disk itself. */
async function synchronise(path: string): Promise<void> {
  const handle = await open(path, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

function absent(error: unknown): undefined {
  if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
  throw error;
}
