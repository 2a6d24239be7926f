import { Injectable, Logger, type OnApplicationShutdown } from '@nestjs/common';
import { BackgroundLoop } from '../../common/async/background-loop.js';
import { BoundedMap } from '../../common/bounded-map.js';
import { EventBus } from '../../events/event-bus.js';
import { MessageReader } from '../reading/message-reader.js';

/** More are left to sync. */
const MAX_SENDS = 10_000;
/** Of them in one statement. */
const MAX_A_LOOK = 200;
const LOOK_MS = 1_000;
/** How often each is looked for while the database answers: what it still has under way ends meanwhile. */
const LOOKS = 30;

/**
 * Sends that were refused with UNAVAILABLE since the database did not answer, though it may have stored them, or still does.
 *
 * Guarantee: one that turns out to be stored is published, once: by the repeat that finds it, or when it is looked for.
 */
@Injectable()
export class UnsettledSends implements OnApplicationShutdown {
  private readonly logger = new Logger(UnsettledSends.name);
  /** By message id: how often it is still looked for. */
  private readonly looksLeft = new BoundedMap<string, number>(MAX_SENDS);
  private readonly loop = new BackgroundLoop(
    () => this.look(),
    ({ message }) => this.logger.warn(`whether messages were stored cannot be read at the moment: ${message}`),
  );

  constructor(
    private readonly reader: MessageReader,
    private readonly events: EventBus,
  ) {}

  get isEmpty(): boolean {
    return this.looksLeft.size === 0;
  }

  add(messageId: string): void {
    this.looksLeft.set(messageId, LOOKS);
    this.loop.start();
  }

  has(messageId: string): boolean {
    return this.looksLeft.has(messageId);
  }

  /** Whether it is one of them. If so, it is the caller's to publish from here on. */
  take(messageId: string): boolean {
    return this.looksLeft.delete(messageId);
  }

  async onApplicationShutdown(): Promise<void> {
    await this.loop.stop();
  }

  private async look(): Promise<number | undefined> {
    await this.loop.rest(LOOK_MS);
    const ids = [...this.looksLeft.keys()];
    for (let from = 0; from < ids.length && !this.loop.isStopped; from += MAX_A_LOOK) {
      const some = ids.slice(from, from + MAX_A_LOOK);
      const found = await this.reader.listPublished(some);
      // A repeat may have been answered meanwhile.
      const messages = found.map(({ created }) => created).filter(({ message }) => this.take(message.id));
      if (messages.length > 0) this.events.publish('messages.created', { messages });
      for (const id of some) this.noteLook(id);
    }
    return this.looksLeft.size === 0 ? undefined : 0;
  }

  private noteLook(messageId: string): void {
    const left = this.looksLeft.get(messageId);
    if (left === undefined) return;
    if (left > 1) this.looksLeft.set(messageId, left - 1);
    else this.looksLeft.delete(messageId);
  }
}
