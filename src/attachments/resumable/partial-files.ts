import { createReadStream } from 'node:fs';
import { mkdir, open, readdir, rm, stat, truncate } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { Injectable } from '@nestjs/common';
import { UUID_PATTERN } from '../../common/identifier.js';
import { Configuration } from '../../config/configuration.js';
import { withErrorListener } from '../uploads/receiving/counted-stream.js';
import { cannotWrite } from '../uploads/receiving/spool.js';

/**
 * What came in so far of uploads that are not finished: one file each, under `DATA_DIR/tus`, named by the attachment's id. How
 * long it is is the offset: nothing else says how far an upload is, so nothing can disagree after a crash.
 */
@Injectable()
export class PartialFiles {
  private readonly directory: string;

  constructor({ dataDirectory }: Configuration) {
    this.directory = join(dataDirectory, 'tus');
  }

  pathOf(id: string): string {
    return join(this.directory, id);
  }

  /** Bytes that are there; 0 where nothing is. */
  async sizeOf(id: string): Promise<number> {
    const found = await stat(this.pathOf(id)).catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return undefined;
      throw error;
    });
    return found?.size ?? 0;
  }

  /** Makes it where it is not there. @throws DomainError UNAVAILABLE */
  async ensure(id: string): Promise<void> {
    try {
      await mkdir(this.directory, { recursive: true });
      await (await open(this.pathOf(id), 'a')).close();
    } catch (error) {
      cannotWrite(error);
    }
  }

  /** Takes away what lies behind its first `size` bytes. */
  async cut(id: string, size: number): Promise<void> {
    if ((await this.sizeOf(id)) > size) await truncate(this.pathOf(id), size);
  }

  /** Its first bytes, at most so many. */
  async beginning(id: string, size: number): Promise<Buffer> {
    const handle = await open(this.pathOf(id));
    try {
      const { buffer, bytesRead } = await handle.read(Buffer.alloc(size), 0, size, 0);
      return buffer.subarray(0, bytesRead);
    } finally {
      await handle.close();
    }
  }

  read(id: string): Readable {
    return withErrorListener(createReadStream(this.pathOf(id)));
  }

  async remove(id: string): Promise<void> {
    await rm(this.pathOf(id), { force: true });
  }

  /** The ids of all that are there. What file systems and people leave beside them is none. */
  async list(): Promise<string[]> {
    return (await readdir(this.directory).catch(() => [])).filter((name) => UUID_PATTERN.test(name));
  }
}
