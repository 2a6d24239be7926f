import { Injectable, Logger } from '@nestjs/common';
import type { DomainEvents } from './domain-events.js';

type Handler<Name extends keyof DomainEvents> = (event: DomainEvents[Name]) => void | Promise<void>;
type Forward = <Name extends keyof DomainEvents>(name: Name, event: DomainEvents[Name]) => void;

interface Subscription {
  handler: Handler<never>;
  ofAllProcesses: boolean;
}

/**
 * Publishes to the rest of this process what happened, after the commit that made it true; and, where several processes
 * are one server, to the others behind it.
 *
 * Guarantees: handlers of one event run in the order they subscribed; a handler that throws or rejects is logged and
 * hurts neither the publisher nor its neighbours. Not guaranteed: delivery after a crash; what must survive one is in
 * the database, and sync reads it there.
 */
@Injectable()
export class EventBus {
  private readonly logger = new Logger(EventBus.name);
  private readonly subscriptions = new Map<keyof DomainEvents, Subscription[]>();
  private forward: Forward | undefined;

  /** What happens in this process: for work that one process does for all of them. */
  subscribe<Name extends keyof DomainEvents>(name: Name, handler: Handler<Name>): void {
    this.add(name, { handler, ofAllProcesses: false });
  }

  /** What happens in any process: for what every process has to know, such as who is in which room. */
  subscribeToAll<Name extends keyof DomainEvents>(name: Name, handler: Handler<Name>): void {
    this.add(name, { handler, ofAllProcesses: true });
  }

  publish<Name extends keyof DomainEvents>(name: Name, event: DomainEvents[Name]): void {
    this.run(name, event, () => true);
    this.forward?.(name, event);
  }

  /** What another process published. */
  receive<Name extends keyof DomainEvents>(name: Name, event: DomainEvents[Name]): void {
    this.run(name, event, ({ ofAllProcesses }) => ofAllProcesses);
  }

  /** @param forward is given what this process publishes, behind its own handlers */
  forwardTo(forward: Forward): void {
    this.forward = forward;
  }

  private add(name: keyof DomainEvents, subscription: Subscription): void {
    const subscriptions = this.subscriptions.get(name) ?? [];
    subscriptions.push(subscription);
    this.subscriptions.set(name, subscriptions);
  }

  private run<Name extends keyof DomainEvents>(
    name: Name,
    event: DomainEvents[Name],
    isMeant: (subscription: Subscription) => boolean,
  ): void {
    for (const subscription of this.subscriptions.get(name) ?? []) {
      if (!isMeant(subscription)) continue;
      try {
        (subscription.handler as Handler<Name>)(event)?.catch((error: unknown) => this.report(name, error));
      } catch (error) {
        this.report(name, error);
      }
    }
  }

  private report(name: string, error: unknown): void {
    this.logger.error(`a handler of ${name} failed`, error instanceof Error ? error.stack : String(error));
  }
}
