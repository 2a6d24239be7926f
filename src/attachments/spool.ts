import { createWriteStream } from 'node:fs';
import { mkdir, readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { type Readable, Transform, type TransformCallback } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { Injectable } from '@nestjs/common';
import { Clock } from '../common/clock.js';
import { DomainError, invalidField } from '../common/errors.js';
import { newId } from '../common/identifier.js';
import { Configuration } from '../config/configuration.js';
import { type MediaType, mediaType, refined, SNIFFED_BYTES } from './media-type.js';

/** A file that came in whole. */
export interface SpooledFile {
  path: string;
  type: MediaType;
  /** Bytes. */
  size: number;
}

/** Whatever lies there for longer belongs to nobody any more. */
const LONGEST_STAY_MS = 3_600_000;

/**
 * Where bytes lie until it is known what they are: files under `DATA_DIR`, on the disk that the disk store is on. A
 * process that dies leaves what it had there; the sweep removes it.
 */
@Injectable()
export class Spool {
  private readonly directory: string;
  private readonly limits: Configuration['uploadLimits'];

  constructor(
    private readonly clock: Clock,
    configuration: Configuration,
  ) {
    this.directory = join(configuration.dataDirectory, 'spool');
    this.limits = configuration.uploadLimits;
  }

  /** A path that nothing is at. */
  async newPath(): Promise<string> {
    await mkdir(this.directory, { recursive: true });
    return join(this.directory, newId());
  }

  /**
   * Writes all of a stream into a file, never more of it in memory than one chunk.
   * @throws DomainError PAYLOAD_TOO_LARGE as soon as it is larger than its kind may be, UNSUPPORTED_MEDIA,
   *   VALIDATION_FAILED for an empty one; the stream's own error where it breaks off. Nothing is left then.
   */
  async take(source: Readable): Promise<SpooledFile> {
    const path = await this.newPath();
    const inspection = new Inspection(this.limits);
    const file = createWriteStream(path, { flags: 'wx' });
    try {
      await pipeline(source, inspection, file);
      return { path, type: await refined(inspection.found(), path), size: inspection.size };
    } catch (error) {
      // Opened or not: what is removed before it is opened would be made again.
      if (!file.closed) await new Promise<void>((resolve) => file.once('close', () => resolve()));
      await rm(path, { force: true });
      throw error;
    }
  }

  async discard(paths: readonly string[]): Promise<void> {
    for (const path of paths) await rm(path, { force: true });
  }

  /** Removes what dead processes left. */
  async sweep(): Promise<void> {
    const names = await readdir(this.directory).catch(() => []);
    for (const name of names) {
      const path = join(this.directory, name);
      const modified = (await stat(path).catch(() => undefined))?.mtimeMs;
      if (modified !== undefined && this.clock.now() - modified > LONGEST_STAY_MS) await rm(path, { force: true });
    }
  }
}

/** Passes bytes on, and says after the first of them what they are, and when they are too many. */
class Inspection extends Transform {
  size = 0;
  private beginning: Buffer[] = [];
  private type: MediaType | undefined;

  constructor(private readonly limits: Configuration['uploadLimits']) {
    super();
  }

  found(): MediaType {
    if (this.type === undefined) throw new Error('a file passed without being looked at');
    return this.type;
  }

  override _transform(chunk: Buffer, _: BufferEncoding, done: TransformCallback): void {
    this.size += chunk.length;
    if (this.type === undefined) {
      this.beginning.push(chunk);
      if (this.size < SNIFFED_BYTES) return done();
      this.look().then(() => done(), done);
      return;
    }
    if (this.size > this.limits[this.type.kind]) done(new DomainError('PAYLOAD_TOO_LARGE'));
    else done(null, chunk);
  }

  override _flush(done: TransformCallback): void {
    if (this.size === 0) done(invalidField('file', 'file must not be empty'));
    else if (this.type === undefined) this.look().then(() => done(), done);
    else done();
  }

  private async look(): Promise<void> {
    const beginning = Buffer.concat(this.beginning);
    this.beginning = [];
    this.type = await mediaType(beginning.subarray(0, SNIFFED_BYTES));
    if (this.size > this.limits[this.type.kind]) throw new DomainError('PAYLOAD_TOO_LARGE');
    this.push(beginning);
  }
}
