import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { Socket } from 'node:net';
import type { Readable } from 'node:stream';
import {
  DeleteObjectCommand,
  GetObjectCommand,
  HeadObjectCommand,
  NoSuchKey,
  NotFound,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import { getSignedUrl } from '@aws-sdk/s3-request-presigner';
import type { S3Settings } from '../../config/configuration.js';
import { TIMINGS, type Timings } from '../../config/timings.js';
import { BlobStore, type ByteRange, type PresignedPut } from './blob-store.js';
import { withErrorListener } from '../uploads/receiving/counted-stream.js';

const CONNECTION_TIMEOUT_MS = 3_000;
const MAX_ATTEMPTS = 2;
/**
 * A reader that takes a file slowly holds a connection to the store for as long, and nothing else may wait for that. How many
 * there are is bounded by the connections and requests that ask for them.
 */
const AGENT = { maxSockets: Number.POSITIVE_INFINITY };
/** What has to be sent may take longer: at the least rate of a store that is of use. */
const MIN_BYTES_PER_MS = 500;

/** A bucket of Amazon S3, or of anything that speaks its protocol. */
export class S3BlobStore extends BlobStore {
  private readonly client: S3Client;
  private readonly bucket: string;

  constructor(
    { bucket, region, endpoint, credentials, forcePathStyle }: S3Settings,
    private readonly timings: Pick<Timings, 'storeSilenceMs' | 'storeCallMs'> = TIMINGS,
  ) {
    super();
    this.bucket = bucket;
    this.client = new S3Client({
      region,
      forcePathStyle,
      ...(endpoint === undefined ? {} : { endpoint }),
      ...(credentials === undefined ? {} : { credentials }),
      requestHandler: {
        connectionTimeout: CONNECTION_TIMEOUT_MS,
        socketTimeout: timings.storeSilenceMs,
        httpAgent: AGENT,
        httpsAgent: AGENT,
      },
      maxAttempts: MAX_ATTEMPTS,
      // What fails is thrown, and logged by the caller; by itself it would warn past the log.
      logger: { debug: nothing, info: nothing, warn: nothing, error: nothing },
      // Many stores that are not Amazon's refuse the checksums that the client would add by itself.
      requestChecksumCalculation: 'WHEN_REQUIRED',
      responseChecksumValidation: 'WHEN_REQUIRED',
    });
  }

  override async put(key: string, path: string, mimeType: string): Promise<void> {
    const { size } = await stat(path);
    const Body = createReadStream(path);
    // A file that cannot be read to its end fails the call. The client does not listen, and an error without a listener
    // would end the process.
    const unreadable = new AbortController();
    Body.once('error', (error) => unreadable.abort(error));
    try {
      const answer = await this.client.send(
        new PutObjectCommand({ Bucket: this.bucket, Key: key, Body, ContentLength: size, ContentType: mimeType }),
        {
          abortSignal: AbortSignal.any([
            unreadable.signal,
            AbortSignal.timeout(this.timings.storeCallMs + Math.ceil(size / MIN_BYTES_PER_MS)),
          ]),
        },
      );
      requireAnswerOfStore(answer);
    } finally {
      Body.destroy();
    }
  }

  override async read(key: string, range?: ByteRange): Promise<Readable | undefined> {
    // Without a time for the whole: the bytes are read for as long as somebody wants them, and may not be silent for long.
    const answer = await this.client
      .send(
        new GetObjectCommand({
          Bucket: this.bucket,
          Key: key,
          ...(range === undefined ? {} : { Range: `bytes=${range.start}-${range.end}` }),
        }),
      )
      .catch(absent);
    if (answer === undefined) return undefined;
    const bytes = withErrorListener(answer.Body as Readable | undefined);
    try {
      requireAnswerOfStore(answer);
    } catch (error) {
      bytes?.destroy();
      throw error;
    }
    if (bytes !== undefined) watchSilence(bytes, this.timings.storeSilenceMs);
    return bytes;
  }

  override async remove(keys: readonly string[]): Promise<void> {
    // Each by a call of its own: one that deletes several wants a checksum that not all stores know.
    await Promise.all(keys.map((key) => this.removeOne(key)));
  }

  private async removeOne(key: string): Promise<void> {
    const { $metadata } = await this.client.send(new DeleteObjectCommand({ Bucket: this.bucket, Key: key }), {
      abortSignal: AbortSignal.timeout(this.timings.storeCallMs),
    });
    // What was a page's answer would be forgotten, and kept for ever.
    if ($metadata.httpStatusCode !== 204 && $metadata.requestId === undefined)
      throw noStore('is neither empty nor has an id');
  }

  override async presign(key: string, size: number, mimeType: string, seconds: number): Promise<PresignedPut> {
    const command = new PutObjectCommand({
      Bucket: this.bucket,
      Key: key,
      ContentLength: size,
      ContentType: mimeType,
    });
    const url = await getSignedUrl(this.client, command, {
      expiresIn: seconds,
      // Signed as headers, so that the store itself refuses any other length and type.
      signableHeaders: new Set(['content-length', 'content-type']),
    });
    return { url, headers: { 'Content-Type': mimeType, 'Content-Length': String(size) } };
  }

  override async sizeOf(key: string): Promise<number | undefined> {
    const head = await this.client
      .send(new HeadObjectCommand({ Bucket: this.bucket, Key: key }), {
        abortSignal: AbortSignal.timeout(this.timings.storeCallMs),
      })
      .catch(absent);
    if (head === undefined) return undefined;
    requireAnswerOfStore(head);
    return head.ContentLength;
  }
}

/**
 * Ends an answer of which nothing came for once to twice so long while there was room for it. The client's own timeout, which this
 * takes the place of, would count a reader that pauses as the store's silence.
 */
function watchSilence(answer: Readable & { socket?: unknown; complete?: boolean }, silenceMs: number): void {
  const { socket } = answer;
  if (!(socket instanceof Socket)) return;
  // Again each time: the client may set its timeout only after some seconds.
  const end = (): void => void socket.setTimeout(0);
  let waitingAt: number | undefined;
  const timer = setInterval(() => {
    end();
    // All of it came: what is left is the reader's to take.
    if (answer.complete === true) clearInterval(timer);
    else if (answer.readableLength >= answer.readableHighWaterMark) waitingAt = undefined;
    else if (waitingAt === socket.bytesRead)
      answer.destroy(new Error(`nothing came from the store for ${silenceMs} ms`));
    else waitingAt = socket.bytesRead;
  }, silenceMs).unref();
  end();
  answer.once('close', () => clearInterval(timer));
}

function nothing(): void {}

function absent(error: unknown): undefined {
  if (error instanceof NoSuchKey || error instanceof NotFound) return undefined;
  throw error;
}

/**
 * A store names what it keeps by an entity tag in each of these answers. Without one it is a page of a proxy or of a portal on the way,
 * which answers 200 to everything: taken for the store's, it would acknowledge files that are nowhere.
 */
function requireAnswerOfStore({ ETag }: { ETag?: string | undefined }): void {
  if (ETag === undefined || ETag === '') throw noStore('has no ETag');
}

function noStore(why: string): Error {
  return new Error(`what answered is no S3 store: its answer ${why}`);
}
