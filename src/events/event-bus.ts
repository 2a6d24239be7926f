import { Injectable, Logger } from '@nestjs/common';
import type { DomainEvents } from './domain-events.js';

type Handler<Name extends keyof DomainEvents> = (event: DomainEvents[Name]) => void | Promise<void>;

/**
 * Publishes to the rest of this process what happened, after the commit that made it true.
 *
 * Guarantees: handlers of one event run in the order they subscribed; a handler that throws or rejects is logged and
 * hurts neither the publisher nor its neighbours. Not guaranteed: delivery after a crash; what must survive one is in
 * the database, and sync reads it there.
 */
@Injectable()
export class EventBus {
  private readonly logger = new Logger(EventBus.name);
  private readonly handlers = new Map<keyof DomainEvents, Handler<never>[]>();

  subscribe<Name extends keyof DomainEvents>(name: Name, handler: Handler<Name>): void {
    const handlers = this.handlers.get(name) ?? [];
    handlers.push(handler);
    this.handlers.set(name, handlers);
  }

  publish<Name extends keyof DomainEvents>(name: Name, event: DomainEvents[Name]): void {
    for (const handler of (this.handlers.get(name) ?? []) as Handler<Name>[]) {
      try {
        handler(event)?.catch((error: unknown) => this.report(name, error));
      } catch (error) {
        this.report(name, error);
      }
    }
  }

  private report(name: string, error: unknown): void {
    this.logger.error(`a handler of ${name} failed`, error instanceof Error ? error.stack : String(error));
  }
}
