import { Injectable, Logger, type OnApplicationShutdown } from '@nestjs/common';
import { SerialQueue } from '../../../common/async/serial-queue.js';

/** Bytes that may wait for a client to read them before it is known who it is: what a refusal needs, and room around it. */
export const MAX_OUTBOUND_BYTES_BEFORE_AUTHENTICATION = 64 * 1024;
/** The same for a client that is let in. */
export const MAX_OUTBOUND_BYTES = 4 * 1024 * 1024;
/** Bytes that may wait for all clients together. */
const MAX_TOTAL_OUTBOUND_BYTES = 256 * 1024 * 1024;
const TOTAL_CHECK_INTERVAL_MS = 500;
/** What an event counts that is yet to be encoded: its place in the queue. Its payload is one for all clients. */
const UNENCODED_EVENT_BYTES = 512;

const logger = new Logger('OutboundQueue');

/**
 * What waits for one client to read it: the one bound on the way out, the same for every transport and dialect.
 *
 * Guarantees: at most `maxBytes` wait, and one more event of any size, so that a large answer does not end an honest
 * client; a client that is further behind is ended as a SLOW_CONSUMER, once, and takes nothing more; what `deliver` is
 * given is written in the order of its calls.
 */
export class OutboundQueue {
  maxBytes = MAX_OUTBOUND_BYTES_BEFORE_AUTHENTICATION;
  private unencodedBytes = 0;
  /** Made with the first delivery; most connections are only written to. */
  private deliveries: SerialQueue | undefined;
  private hasOverflowed = false;
  private isClosed = false;

  /**
   * @param writtenBytes what was written and not read yet
   * @param overflow ends the connection: at once where memory is short, else so that the client may read why
   */
  constructor(
    private readonly writtenBytes: () => number,
    private readonly overflow: (atOnce: boolean) => void,
  ) {}

  get bytes(): number {
    return this.writtenBytes() + this.unencodedBytes;
  }

  /** Whether the client was ended as too slow. */
  get isEnded(): boolean {
    return this.hasOverflowed;
  }

  /** To be asked before something is written. False: the client is ended, and this is dropped. */
  mayWrite(): boolean {
    if (!this.hasOverflowed && this.bytes > this.maxBytes) this.end();
    return !this.hasOverflowed;
  }

  /**
   * Writes behind what was given before, although some of that must first be read from the database.
   * @param failed called at most once, where that fails: nothing is written from then on, so that the client has no gap
   */
  deliver(write: () => void | Promise<void>, failed: () => void): void {
    if (!this.mayWrite()) return;
    this.enqueue(write).catch((error: unknown) => {
      // A client that is gone misses nothing: as at the end of the process, when the database is closed behind its clients.
      if (this.isClosed) return;
      logger.error('an event could not be delivered', String(error));
      this.close();
      failed();
    });
  }

  /**
   * The same of what a client asked for: what comes while it is read is written behind it, and does not make it older than
   * it says. A failure is the caller's, and ends nothing. Undefined where the client is not there any more.
   */
  answer<Answer>(write: () => Answer | Promise<Answer>): Promise<Answer | undefined> {
    return this.mayWrite() ? this.enqueue(write) : Promise.resolve(undefined);
  }

  private enqueue<Result>(write: () => Result | Promise<Result>): Promise<Result | undefined> {
    this.unencodedBytes += UNENCODED_EVENT_BYTES;
    this.deliveries ??= new SerialQueue();
    const written = this.deliveries.run(() => (this.hasOverflowed || this.isClosed ? undefined : write()));
    const done = (): void => void (this.unencodedBytes -= UNENCODED_EVENT_BYTES);
    written.then(done, done);
    return written;
  }

  /** The client is gone, or lacks something: what is still to be read for it is not. */
  close(): void {
    this.isClosed = true;
  }

  /** Ends the client as a SLOW_CONSUMER. */
  end(atOnce = false): void {
    if (this.hasOverflowed) return;
    this.hasOverflowed = true;
    this.overflow(atOnce);
  }
}

/** Bounds what waits for all clients together: those that read least are ended, until what is left is bearable. */
@Injectable()
export class OutboundQueues implements OnApplicationShutdown {
  private readonly queues = new Set<OutboundQueue>();
  private readonly timer = setInterval(() => this.boundTotal(), TOTAL_CHECK_INTERVAL_MS).unref();

  add(queue: OutboundQueue): void {
    this.queues.add(queue);
  }

  remove(queue: OutboundQueue): void {
    queue.close();
    this.queues.delete(queue);
  }

  onApplicationShutdown(): void {
    clearInterval(this.timer);
  }

  boundTotal(maxBytes = MAX_TOTAL_OUTBOUND_BYTES): void {
    let total = 0;
    const waiting: { queue: OutboundQueue; bytes: number }[] = [];
    for (const queue of this.queues) {
      const { bytes, isEnded } = queue;
      if (bytes === 0 || isEnded) continue;
      total += bytes;
      waiting.push({ queue, bytes });
    }
    if (total <= maxBytes) return;
    waiting.sort((one, other) => other.bytes - one.bytes);
    for (const { queue, bytes } of waiting) {
      if (total <= maxBytes) return;
      queue.end(true);
      total -= bytes;
    }
  }
}
