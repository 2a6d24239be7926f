import type { DomainEvents } from '../../../src/events/domain-events.js';
import { EventBus } from '../../../src/events/event-bus.js';
import { type Story, until } from '../story.js';

/** Stored messages whose event has not been published: a function for each, in their order, that does so. */
export type HeldMessages = (() => void)[];

/** Does `store`, which stores so many messages, and keeps their events: as those of another process that arrive late, or never. */
export async function holdMessages(story: Story, count: number, store: () => Promise<unknown>): Promise<HeldMessages> {
  const events = story.app.get(EventBus, { strict: false });
  const publish = events.publish.bind(events);
  const held: DomainEvents['messages.created'][] = [];
  events.publish = (name, event) => {
    if (name === 'messages.created') held.push(event as DomainEvents['messages.created']);
    else publish(name, event);
  };
  try {
    await store();
    await until('all are stored', () => held.length === count);
  } finally {
    events.publish = publish;
  }
  return held.map((event) => () => publish('messages.created', event));
}
