import { doubledMs, pause } from '../connection/backoff.js';
import { within } from '../connection/time-limit.js';
import { multipart } from '../http/multipart.js';
import type { Http, HttpRequest } from '../http/types.js';
import type { Clock } from '../ports/environment.js';
import { type Database, keysBelow, orderedKey, type StorageTransaction } from '../ports/storage.js';
import { ChatError } from '../protocol/errors.js';
import { ITEMS } from './order.js';
import type { OutboxItem, Uploader, UploadSource } from './types.js';

const CHUNK_BYTES = 256 * 1024;
/** Chunks in one request: as much as nginx lets through where nobody has said otherwise. */
const CHUNKS_AT_ONCE = 4;
/** Up to here a file goes in one request: to begin again costs less than to ask how far one was. */
const MAX_WHOLE_BYTES = CHUNK_BYTES;
/**
 * How long its conversation waits for a request that got lost. The last part is answered once the server has looked at all of it;
 * where that takes longer, it is asked for.
 */
const PART_TIMEOUT_MS = 60_000;
/** Where a server takes large files only in one piece: a slower connection than this, in bytes a second, is too slow for them. */
const MIN_RATE = 8 * 1024;
/** How often one attempt asks anew how far the server is. */
const MAX_RESUMPTIONS = 3;
/** How often the server may be busy with an upload that it is asked to end. */
const MAX_LOCKED = 4;
/** A source that brings no part of its file for so long is asked again. */
const READ_TIMEOUT_MS = 60_000;
const TUS_PATH = '/attachments/tus';

/** A request that has not been answered for so long is broken off when there is another connection. */
const MIN_WAIT_MS = 10_000;
/** Browsers have six connections to a server at the most: some are left for everything else, also where uploads hang. */
const MAX_AT_ONCE = 3;

/** What is known of a file whose bytes are all in `uploadChunks`. */
type UploadRow = {
  name: string;
  mimeType: string;
  size: number;
  voice?: boolean;
  /** Where a resumable upload goes on. */
  location?: string;
  /** The server has it all. */
  attachmentId?: string;
};

/** Statuses of an upload that is further, or in other hands, or gone. */
const ELSEWHERE: ReadonlySet<number | undefined> = new Set([404, 409, 410, 423]);

/** The server has forgotten it. */
const FORGOTTEN: ReadonlySet<number | undefined> = new Set([404, 410]);

/** What proxies answer that do not let every method through, and at times for other reasons. */
const METHOD_REFUSED: ReadonlySet<number | undefined> = new Set([403, 405, 501]);

/** So often something before the server refuses a file, for whatever reason: that may be over in minutes. */
const MAX_REFUSALS = 10;

/** Files by chunks in storage, and from there to the server: large ones by tus, which goes on after a break where it was. */
export class StoredUploads implements Uploader {
  /** With when the request was made that is under way, by `elapsed`. */
  readonly #uploading = new Map<string, { controller: AbortController; since: number }>();
  /** Files that are being copied; one that is discarded meanwhile is none of them any more. */
  readonly #copying = new Set<string>();
  /** Files of which a part took too long: the next ones are smaller. */
  readonly #slow = new Set<string>();
  /** Files whose request was broken off for a new connection: not twice in a row, or over a poor one they would never arrive. */
  readonly #brokenOff = new Set<string>();
  /** Something before the server lets no parts through: it is not asked again with each file that gets through whole. */
  #isWholeOnly = false;
  /** How often something before the server has refused a file. */
  readonly #refusals = new Map<string, number>();
  #free = MAX_AT_ONCE;
  readonly #waiting: (() => void)[] = [];
  #isStopped = false;

  constructor(private readonly ports: { database: Database; http: Http; clock: Clock }) {}

  async keep(id: string, source: UploadSource): Promise<void> {
    const { name, mimeType, size, voice = false } = source;
    this.#copying.add(id);
    try {
      // A source that never answers is asked no more once the storage is closed.
      await this.#row(id);
      for (let start = 0; start < size; start += CHUNK_BYTES) {
        const bytes = await readPart(this.ports.clock, source, start, Math.min(size, start + CHUNK_BYTES));
        if (!this.#copying.has(id)) return;
        await this.#write((transaction) => transaction.put('uploadChunks', orderedKey(id, start), bytes));
      }
      if (this.#copying.has(id)) await this.#save(id, { name, mimeType, size, ...(voice ? { voice } : {}) });
    } finally {
      this.#copying.delete(id);
    }
  }

  async upload(id: string, progress: (done: number) => void): Promise<string> {
    if (this.#free > 0) this.#free -= 1;
    else await new Promise<void>((resolve) => this.#waiting.push(resolve));
    const controller = new AbortController();
    if (this.#isStopped) controller.abort();
    this.#uploading.set(id, { controller, since: this.ports.clock.elapsed() });
    try {
      return await this.#upload(id, progress, controller.signal);
    } catch (cause) {
      if (!controller.signal.aborted) throw this.#counted(id, cause);
      throw new ChatError('NOT_CONNECTED', 'The upload goes on over another connection.', { cause });
    } finally {
      this.#uploading.delete(id);
      const next = this.#waiting.shift();
      if (next === undefined) this.#free += 1;
      else next();
    }
  }

  stop(): void {
    this.#isStopped = true;
    for (const { controller } of this.#uploading.values()) controller.abort();
  }

  reconnected(): void {
    for (const [id, { controller, since }] of this.#uploading) {
      if (this.#brokenOff.has(id) || this.ports.clock.elapsed() - since < MIN_WAIT_MS) continue;
      this.#brokenOff.add(id);
      controller.abort();
    }
  }

  async #upload(id: string, progress: (done: number) => void, signal: AbortSignal): Promise<string> {
    const row = await this.#row(id);
    if (row === undefined) throw new ChatError('UNREADABLE_FILE', 'The file was not copied to its end.');
    if (row.attachmentId !== undefined) return row.attachmentId;
    const isSmall = row.size <= MAX_WHOLE_BYTES;
    const resumed =
      isSmall || this.#isWholeOnly
        ? undefined
        : await this.#resume(id, row, progress, signal).catch((error: unknown) => this.#goWhole(id, error));
    const whole = (): Promise<string> =>
      this.#send(id, row, signal).catch((error: unknown) => {
        throw isSmall ? error : this.#wholeFailed(error);
      });
    const attachmentId = resumed ?? (await whole());
    this.#brokenOff.delete(id);
    await this.#save(id, { ...row, attachmentId });
    return attachmentId;
  }

  async discard(id: string): Promise<void> {
    this.#copying.delete(id);
    this.#slow.delete(id);
    this.#brokenOff.delete(id);
    this.#refusals.delete(id);
    const row = await this.#row(id);
    await this.#write(async (transaction) => {
      await transaction.delete('uploads', id);
      await transaction.deleteRange('uploadChunks', keysBelow(id));
    });
    this.#uploading.get(id)?.controller.abort();
    if (row?.location !== undefined && row.attachmentId === undefined) await this.#endOnServer(row.location);
  }

  async forget(id: string): Promise<void> {
    const row = await this.#row(id);
    if (row === undefined) return;
    const { attachmentId: _, location: __, ...kept } = row;
    await this.#save(id, kept);
  }

  /** Else it counts among the user's unfinished ones until it expires there. */
  async #endOnServer(location: string, failures = 0): Promise<void> {
    try {
      await this.#tus(location, { method: 'DELETE' });
    } catch (error) {
      // Its last part may still be on its way.
      if (!(error instanceof ChatError) || error.code !== 'UPLOAD_LOCKED' || failures > MAX_LOCKED) return;
      await pause(this.ports.clock, doubledMs(failures));
      await this.#endOnServer(location, failures + 1);
    }
  }

  async discardOthers(): Promise<void> {
    const stores = ['outbox', 'uploads', 'uploadChunks'] as const;
    // Together: an item is stored before its files, in another tab at this very moment.
    const [found, owned] = await this.ports.database.transaction('readonly', stores, async (transaction) => {
      const items = await transaction.range('outbox', ITEMS);
      const rows = await transaction.range('uploads');
      const firstKey = async (from: string): Promise<string | undefined> =>
        (await transaction.range('uploadChunks', { from, limit: 1 }))[0]?.key;
      const owners = new Set(rows.map(({ key }) => key));
      for (let key = await firstKey(''); key !== undefined; ) {
        const owner = key.slice(0, key.indexOf('/'));
        owners.add(owner);
        key = await firstKey(keysBelow(owner).to);
      }
      const files = items.flatMap(({ value }) => (value as unknown as OutboxItem).files ?? []);
      return [owners, new Set(files.map(({ id }) => id))];
    });
    for (const id of found) if (!owned.has(id)) await this.discard(id);
  }

  async #send(id: string, { name, mimeType, size, voice }: UploadRow, signal: AbortSignal): Promise<string> {
    const rows = await this.#read((transaction) => transaction.range('uploadChunks', keysBelow(id)));
    const chunks = rows.map(({ value }) => value as Uint8Array);
    if (chunks.reduce((sum, { length }) => sum + length, 0) !== size) throw incomplete();
    const file = { name, mimeType, chunks };
    const { body } = await this.ports.http.request<{ id: string }>('/attachments', {
      method: 'POST',
      expects: 'id',
      signal,
      ...multipart(file, voice === true ? { voice: 'true' } : {}, `parley-${id}`),
      timeoutMs: Math.max(PART_TIMEOUT_MS, (size / MIN_RATE) * 1_000),
    });
    return body.id;
  }

  /** Where something before the server lets no parts through. Whatever else it was is thrown again. */
  async #goWhole(id: string, error: unknown): Promise<undefined> {
    const isRefused = error instanceof ChatError && error.code === 'UNEXPECTED_ANSWER';
    if (!isRefused || !METHOD_REFUSED.has(error.status)) throw error;
    this.#isWholeOnly = true;
    const begun = (await this.#row(id))?.location;
    // Where that is refused as well, it expires there: one of them, and not one for each file.
    if (begun !== undefined) void this.#endOnServer(begun);
  }

  /** What refused parts once need not do so again, and may let nothing larger through: they are tried again. */
  #wholeFailed(error: unknown): unknown {
    this.#isWholeOnly = false;
    // The server's own word has the request that it answers.
    const isOwn = !(error instanceof ChatError) || error.requestId !== undefined;
    if (isOwn || error.code !== 'PAYLOAD_TOO_LARGE') return error;
    const { status } = error;
    return new ChatError('UNEXPECTED_ANSWER', 'Neither the file nor its parts got through.', { status, cause: error });
  }

  /** What something before the server refuses each time would hold up its conversation for ever: in the end that is for good. */
  #counted(id: string, error: unknown): unknown {
    if (!(error instanceof ChatError) || error.code !== 'UNEXPECTED_ANSWER') return error;
    const { status = 0, requestId } = error;
    // What came too slowly may come faster.
    if (status < 400 || status > 499 || status === 408 || requestId !== undefined) return error;
    const refusals = (this.#refusals.get(id) ?? 0) + 1;
    // Tried again it begins anew.
    this.#refusals.set(id, refusals % MAX_REFUSALS);
    if (refusals < MAX_REFUSALS) return error;
    const code = status === 413 ? 'PAYLOAD_TOO_LARGE' : 'FORBIDDEN';
    return new ChatError(code, 'Something before the server refuses the file.', { status, cause: error });
  }

  /** Undefined where the server does not know how. */
  async #resume(
    id: string,
    row: UploadRow,
    progress: (done: number) => void,
    signal: AbortSignal,
  ): Promise<string | undefined> {
    let { location } = row;
    for (let attempt = 1; ; attempt += 1) {
      let offset = location === undefined ? undefined : await this.#offset(location, signal);
      if (location === undefined || offset === undefined) {
        location = await this.#create(row, signal);
        if (location === undefined) return undefined;
        offset = 0;
        await this.#save(id, { ...row, location });
      }
      try {
        await this.#append(id, row.size, location, offset, progress, signal);
        return location.slice(location.lastIndexOf('/') + 1);
      } catch (error) {
        // Another request was faster, or the server has forgotten it: it says how far it is, or that it begins anew.
        const isElsewhere = error instanceof ChatError && ELSEWHERE.has(error.status);
        if (!isElsewhere || attempt === MAX_RESUMPTIONS) throw error;
      }
    }
  }

  async #append(
    id: string,
    size: number,
    location: string,
    from: number,
    progress: (done: number) => void,
    signal: AbortSignal,
  ): Promise<void> {
    for (let offset = from; offset < size; ) {
      progress(offset / size);
      const headers = { 'content-type': 'application/offset+octet-stream', 'upload-offset': String(offset) };
      const content = await this.#bytes(id, offset, size);
      const request = { method: 'PATCH', headers, content, signal, timeoutMs: PART_TIMEOUT_MS } as const;
      const answer = await this.#tus(location, request).catch((error: unknown) => {
        if (error instanceof ChatError && error.code === 'TIMEOUT') this.#slow.add(id);
        throw error;
      });
      const next = Number(answer.header('upload-offset'));
      if (!(next > offset)) throw new ChatError('UNEXPECTED_ANSWER', 'The upload does not go on.');
      this.#brokenOff.delete(id);
      this.#refusals.delete(id);
      const underWay = this.#uploading.get(id);
      if (underWay !== undefined) underWay.since = this.ports.clock.elapsed();
      offset = next;
    }
  }

  /** Some chunks from here on, the first as far as it is still to be sent. */
  async #bytes(id: string, offset: number, size: number): Promise<Uint8Array<ArrayBuffer>> {
    const first = offset - (offset % CHUNK_BYTES);
    const end = Math.min(size, first + (this.#slow.has(id) ? 1 : CHUNKS_AT_ONCE) * CHUNK_BYTES);
    const bytes = new Uint8Array(end - offset);
    await this.#read(async (transaction) => {
      for (let start = first; start < end; start += CHUNK_BYTES) {
        const chunk = (await transaction.get('uploadChunks', orderedKey(id, start))) as Uint8Array | undefined;
        if (chunk === undefined) throw incomplete();
        bytes.set(chunk.subarray(Math.max(0, offset - start)), Math.max(0, start - offset));
      }
    });
    return bytes;
  }

  async #create({ name, mimeType, size, voice }: UploadRow, signal: AbortSignal): Promise<string | undefined> {
    const hints = voice === true ? `,voice ${base64('true')}` : '';
    const metadata = `filename ${base64(name)},filetype ${base64(mimeType)}${hints}`;
    const headers = { 'upload-length': String(size), 'upload-metadata': metadata };
    try {
      const location = (await this.#tus(TUS_PATH, { method: 'POST', headers, signal })).header('location');
      return location === null ? undefined : `${TUS_PATH}/${location.slice(location.lastIndexOf('/') + 1)}`;
    } catch (error) {
      if (error instanceof ChatError && error.status === 404) return undefined;
      throw error;
    }
  }

  /** How much of it the server has; undefined where it has forgotten it. */
  async #offset(location: string, signal: AbortSignal): Promise<number | undefined> {
    try {
      return Number((await this.#tus(location, { method: 'HEAD', signal })).header('upload-offset'));
    } catch (error) {
      if (error instanceof ChatError && FORGOTTEN.has(error.status)) return undefined;
      throw error;
    }
  }

  #tus(path: string, request: HttpRequest): ReturnType<Http['request']> {
    return this.ports.http.request(path, { ...request, headers: { 'tus-resumable': '1.0.0', ...request.headers } });
  }

  async #row(id: string): Promise<UploadRow | undefined> {
    return (await this.#read((transaction) => transaction.get('uploads', id))) as UploadRow | undefined;
  }

  #save(id: string, row: UploadRow): Promise<void> {
    return this.#write((transaction) => transaction.put('uploads', id, row));
  }

  #read<Result>(work: (transaction: StorageTransaction) => Promise<Result>): Promise<Result> {
    return this.ports.database.transaction('readonly', ['uploads', 'uploadChunks'], work);
  }

  #write(work: (transaction: StorageTransaction) => Promise<void>): Promise<void> {
    return this.ports.database.transaction('readwrite', ['uploads', 'uploadChunks'], work);
  }
}

/** Whatever a source fails with: read again it would hold up its conversation for ever. */
async function readPart(clock: Clock, source: UploadSource, start: number, end: number): Promise<Uint8Array> {
  const late = (): Promise<never> => Promise.reject(new ChatError('TIMEOUT', 'The file is not being read.'));
  try {
    const bytes = await within(clock, READ_TIMEOUT_MS, source.read(start, end), late);
    if (bytes.length !== end - start) throw new Error(`Not ${end - start} bytes.`);
    return bytes;
  } catch (cause) {
    if (cause instanceof ChatError) throw cause;
    throw new ChatError('UNREADABLE_FILE', 'The file cannot be read.', { cause });
  }
}

const incomplete = (): ChatError => new ChatError('UNREADABLE_FILE', 'A part of the file is missing.');

function base64(text: string): string {
  return btoa(String.fromCharCode(...new TextEncoder().encode(text)));
}
