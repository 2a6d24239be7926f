import { describe, expect, it } from '@jest/globals';
import { newItem } from '../../src/outbox/item.js';
import { sentTo } from '../../src/outbox/sent-to.js';
import type { OutboxCommand, OutboxItem } from '../../src/outbox/types.js';
import { rejection, VirtualClock } from '../support/virtual-clock.js';

describe('what waits until a conversation has nothing to be sent', () => {
  const refused: OutboxItem = {
    ...newItem({ type: 'send', clientId: 'refused', conversationId: 'c0', content: 'x' }, [], 1, 0),
    state: 'rejected',
  };
  const emptied = (command: OutboxCommand) => {
    const items = [refused, newItem(command, [], 2, 0)];
    const clock = new VirtualClock();
    const outbox = { getSnapshot: () => items, subscribe: () => () => undefined };
    return { clock, done: sentTo(outbox, (lane) => lane === 'c0', clock) };
  };

  it('passes over a change of a message that was refused', async () => {
    const target = { clientId: 'refused' };
    const { clock, done } = emptied({
      type: 'react',
      clientId: 'a',
      conversationId: 'c0',
      target,
      emoji: '+',
      remove: false,
    });
    const ended = rejection(done);
    await clock.advance(20_000);
    expect(await ended).toEqual(new Error('It did not reject.'));
  });

  it('waits for an answer to a message that was refused, which is sent without the quotation', async () => {
    const { clock, done } = emptied({ type: 'send', clientId: 'a', conversationId: 'c0', replyToClientId: 'refused' });
    const late = rejection(done);
    await clock.advance(20_000);
    expect(await late).toMatchObject({ code: 'TIMEOUT' });
  });
});
