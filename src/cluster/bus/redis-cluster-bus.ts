import { Logger } from '@nestjs/common';
import { createClient } from '@redis/client';
import { BoundedLogger } from '../../common/bounded-logger.js';
import { type BusListener, ClusterBus } from './cluster-bus.js';
import { FramesUnderWay } from './frames-under-way.js';

/** How long a connection may be silent. Frames come every second, so only one that is dead is. */
const SOCKET_TIMEOUT_MS = 5_000;
const CONNECT_TIMEOUT_MS = 3_000;
const STOP_TIMEOUT_MS = 1_000;
/** Frames come every second: where none does, although the connection stands, the subscription itself was lost. */
const MAX_SILENCE_MS = 10_000;
const MIN_RETRY_MS = 100;
const MAX_RETRY_MS = 2_000;

type Client = ReturnType<typeof createClient>;

/** Redis publish and subscribe: two connections, since one that has subscribed publishes nothing. */
export class RedisClusterBus extends ClusterBus {
  private readonly logger = new Logger(RedisClusterBus.name);
  private readonly failures = new BoundedLogger(RedisClusterBus.name, 6);
  private readonly publisher: Client;
  private readonly subscriber: Client;
  private readonly underWay = new FramesUnderWay();
  private receivedAt = performance.now();
  private watching: NodeJS.Timeout | undefined;

  /** @param channel names the database, so that two servers may share a Redis */
  constructor(
    url: string,
    private readonly channel: string,
  ) {
    super();
    this.publisher = this.client(url);
    this.subscriber = this.client(url);
  }

  override async start(listener: BusListener): Promise<void> {
    // The client subscribes again by itself whenever it has connected; until then nothing is received.
    this.subscriber.on('ready', () => {
      this.logger.log('connected to Redis');
      this.receivedAt = performance.now();
      listener.connected();
    });
    this.subscriber.on('error', () => listener.disconnected());
    this.subscriber.on('end', () => listener.disconnected());
    for (const client of [this.publisher, this.subscriber]) client.connect().catch(() => undefined);
    // One function, so that to subscribe again, where that has been done already, changes nothing.
    const receive = (frame: string): void => {
      this.receivedAt = performance.now();
      listener.received(frame);
    };
    const subscribe = (): void => {
      this.subscriber.subscribe(this.channel, receive).catch((error: unknown) => {
        if (!this.subscriber.isReady) return;
        this.failures.warn(`Redis: nothing can be received: ${(error as Error).message}`);
        setTimeout(subscribe, MIN_RETRY_MS).unref();
      });
    };
    this.subscriber.on('ready', subscribe);
    this.watching = setInterval(() => this.watch(), MAX_SILENCE_MS / 4).unref();
    // What is written to it keeps the socket from timing out, though nobody answers, or too late.
    this.underWay.watch(() => {
      if (this.publisher.isReady) this.reconnect(this.publisher, 'nothing is taken in time');
    });
    return Promise.resolve();
  }

  override publish(frame: string): void {
    // As many characters as bytes, but for what is not ASCII: near enough for a bound.
    if (!this.publisher.isReady || !this.underWay.hasRoomFor(frame.length)) return;
    const taken = this.underWay.sent(frame.length);
    this.publisher
      .publish(this.channel, frame)
      .catch((error: unknown) => this.failures.warn(`a frame was not published: ${(error as Error).message}`))
      .finally(taken);
  }

  private watch(): void {
    const now = performance.now();
    // The answer to a subscription may be lost without the connection: it would be waited for for ever.
    if (this.subscriber.isReady && now - this.receivedAt > MAX_SILENCE_MS) {
      this.receivedAt = now;
      this.reconnect(this.subscriber, 'nothing is received');
    }
  }

  private reconnect(client: Client, reason: string): void {
    this.failures.warn(`Redis: ${reason}: the connection is made anew`);
    client.destroy();
    client.connect().catch(() => undefined);
  }

  override async stop(): Promise<void> {
    clearInterval(this.watching);
    this.underWay.stop();
    // What is on its way to Redis says who is gone with this process.
    if (this.publisher.isReady)
      await Promise.race([
        this.publisher.close().catch(() => undefined),
        new Promise((resolve) => setTimeout(resolve, STOP_TIMEOUT_MS).unref()),
      ]);
    for (const client of [this.publisher, this.subscriber]) if (client.isOpen) client.destroy();
  }

  private client(url: string): Client {
    const client = createClient({
      url,
      disableOfflineQueue: true,
      // The socket's own ends a connection that does not answer; a timer for each frame costs a quarter of sending it.
      commandOptions: { timeout: 0 },
      socket: {
        connectTimeout: CONNECT_TIMEOUT_MS,
        socketTimeout: SOCKET_TIMEOUT_MS,
        reconnectStrategy: (retries) => Math.min(MAX_RETRY_MS, MIN_RETRY_MS * 2 ** Math.min(retries, 10)),
      },
    });
    // Without a listener it would end the process. The URL may hold a password: only what failed is logged.
    client.on('error', (error: Error) => this.failures.warn(`Redis: ${error.message}`));
    return client as Client;
  }
}
