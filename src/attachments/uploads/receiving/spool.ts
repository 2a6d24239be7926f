import { createWriteStream } from 'node:fs';
import { mkdir, readdir, rm, stat, utimes } from 'node:fs/promises';
import { hostname } from 'node:os';
import { basename, join } from 'node:path';
import process from 'node:process';
import { type Readable, Transform, type TransformCallback } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { Injectable } from '@nestjs/common';
import { Clock } from '../../../common/clock.js';
import { DomainError, invalidField } from '../../../common/errors.js';
import { newId } from '../../../common/identifier.js';
import { Configuration } from '../../../config/configuration.js';
import { type MediaType, mediaType, SNIFFED_BYTES } from '../../media/media-type.js';

/** A file that came in whole. */
export interface SpooledFile {
  path: string;
  type: MediaType;
  /** Bytes. */
  size: number;
}

/** A process that has not said for so long that it lives is dead; it says so with every sweep. */
const SILENCE_TIMEOUT_MS = 5 * 60_000;
/**
 * One that has not said so for a minute and whose number no process has here is, too. The number alone says nothing: containers that
 * share a directory and a host name each have their own first process.
 */
const SILENCE_WITHOUT_PROCESS_MS = 60_000;

/**
 * Where bytes lie until it is known what they are: files under `DATA_DIR`, on the disk that the disk store is on, in a
 * directory of each process's own. What a process that dies leaves there is removed by the sweep of any other one: a minute later
 * on the same machine, after five on others.
 */
@Injectable()
export class Spool {
  private readonly root: string;
  private readonly directory: string;
  private readonly limits: Configuration['uploadLimits'];
  private readonly heic: boolean;

  constructor(
    private readonly clock: Clock,
    configuration: Configuration,
  ) {
    this.root = join(configuration.dataDirectory, 'spool');
    this.directory = join(this.root, `${newId()}.${process.pid}.${hostname()}`);
    this.limits = configuration.uploadLimits;
    this.heic = configuration.heic;
    own.add(this.directory);
  }

  /** What this process is called, on this machine and among those of others. */
  get processName(): string {
    return basename(this.directory);
  }

  /** A path that nothing is at. @throws DomainError UNAVAILABLE where none can be made. */
  async newPath(): Promise<string> {
    await mkdir(this.directory, { recursive: true }).catch(cannotWrite);
    return join(this.directory, newId());
  }

  /**
   * Writes all of a stream into a file, never more of it in memory than one chunk.
   * @param check is called once its beginning says what it is; where it throws, no more is read.
   * @throws DomainError PAYLOAD_TOO_LARGE as soon as it is larger than its kind may be, UNSUPPORTED_MEDIA,
   *   VALIDATION_FAILED for an empty one, UNAVAILABLE where the file cannot be written; the stream's own error where it
   *   breaks off. Nothing is left then.
   */
  async take(source: Readable, check?: TypeCheck): Promise<SpooledFile> {
    const path = await this.newPath();
    const inspection = new Inspection(this.limits, this.heic, check);
    const file = createWriteStream(path, { flags: 'wx' });
    // Of those that are ended together, the one that failed says so first.
    let isOurs: boolean | undefined;
    source.once('error', () => (isOurs ??= false));
    inspection.once('error', () => (isOurs ??= false));
    file.once('error', () => (isOurs ??= true));
    try {
      await pipeline(source, inspection, file);
      return { path, type: inspection.mediaType(), size: inspection.size };
    } catch (error) {
      // Opened or not: what is removed before it is opened would be made again.
      if (!file.closed) await new Promise<void>((resolve) => file.once('close', () => resolve()));
      await rm(path, { force: true });
      if (isOurs === true || (isOurs === undefined && isSystemError(error))) cannotWrite(error);
      throw error;
    }
  }

  async discard(paths: readonly string[]): Promise<void> {
    for (const path of paths) await rm(path, { force: true });
  }

  /** Says that this process lives: one that does not for five minutes is taken for dead by others. */
  async renew(): Promise<void> {
    const now = new Date(this.clock.now());
    await utimes(this.directory, now, now).catch(() => undefined);
  }

  /**
   * Removes what dead processes left.
   * @throws what the last one that cannot be removed fails with, once all others are.
   */
  async sweep(): Promise<void> {
    await this.renew();
    let failure: unknown;
    for (const name of await readdir(this.root).catch(() => [])) {
      const path = join(this.root, name);
      if (own.has(path)) continue;
      const modified = (await stat(path).catch(() => undefined))?.mtimeMs;
      const silenceMs = modified === undefined ? 0 : this.clock.now() - modified;
      if (silenceMs > SILENCE_TIMEOUT_MS || (silenceMs > SILENCE_WITHOUT_PROCESS_MS && isOfDeadProcess(name)))
        await rm(path, { recursive: true, force: true }).catch((error: unknown) => (failure = error));
    }
    if (failure !== undefined) throw failure;
  }

  /** Once no upload is under way any more. */
  async close(): Promise<void> {
    own.delete(this.directory);
    await rm(this.directory, { recursive: true, force: true });
  }
}

/** The directories of servers in this process, of which there are several in tests alone. */
const own = new Set<string>();

/** Whether a name is that of a process that ran on this machine and does not run any more. */
export function isDeadProcess(name: string): boolean {
  return ![...own].some((directory) => basename(directory) === name) && isOfDeadProcess(name);
}

function isOfDeadProcess(name: string): boolean {
  const [, pid, ...host] = name.split('.');
  if (host.join('.') !== hostname() || !/^\d+$/.test(pid ?? '')) return false;
  // Not this one's, and yet its number: that of one that died, as the first process of a container always has it.
  if (Number(pid) === process.pid) return true;
  try {
    process.kill(Number(pid), 0);
    return false;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ESRCH';
  }
}

/** Whether it is this machine that could not, as opposed to a file that is wrong: what the operating system says has a call. */
function isSystemError(error: unknown): boolean {
  const { code, syscall } = Object(error) as { code?: unknown; syscall?: unknown };
  return typeof code === 'string' && typeof syscall === 'string';
}

/** A disk that cannot take a file now may take it later, and is not the sender's fault. */
export function cannotWrite(cause: unknown): never {
  throw new DomainError('UNAVAILABLE', { retryAfterMs: 10_000, cause });
}

type TypeCheck = (type: MediaType) => Promise<void>;

/** Passes bytes on, and says after the first of them what they are, and when they are too many. */
class Inspection extends Transform {
  size = 0;
  private beginning: Buffer[] = [];
  private type: MediaType | undefined;

  constructor(
    private readonly limits: Configuration['uploadLimits'],
    private readonly heic: boolean,
    private readonly check: TypeCheck | undefined,
  ) {
    super();
  }

  mediaType(): MediaType {
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
    this.type = await mediaType(beginning.subarray(0, SNIFFED_BYTES), this.heic);
    if (this.size > this.limits[this.type.kind]) throw new DomainError('PAYLOAD_TOO_LARGE');
    await this.check?.(this.type);
    this.push(beginning);
  }
}
