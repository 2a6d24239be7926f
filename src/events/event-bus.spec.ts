import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { Logger } from '@nestjs/common';
import { EventBus } from './event-bus.js';

const EVENT = { userId: 'ada', isDeleted: false };

describe('the event bus', () => {
  let bus: EventBus;
  let calls: string[];
  let logged: jest.SpiedFunction<Logger['error']>;
  beforeEach(() => {
    bus = new EventBus();
    calls = [];
    logged = jest.spyOn(Logger.prototype, 'error').mockImplementation(() => undefined);
  });
  afterEach(() => logged.mockRestore());

  it('calls the handlers of an event with it, in the order in which they subscribed', () => {
    bus.subscribe('user.changed', (event) => void calls.push(`first ${event.userId}`));
    bus.subscribeToAll('user.changed', (event) => void calls.push(`second ${event.userId}`));
    bus.subscribe('user.changed', (event) => void calls.push(`third ${event.userId}`));
    bus.publish('user.changed', EVENT);
    expect(calls).toEqual(['first ada', 'second ada', 'third ada']);
  });

  it('calls no handler of another event, and needs none', () => {
    bus.subscribe('messages.expired', () => void calls.push('expired'));
    bus.publish('user.changed', EVENT);
    expect(calls).toEqual([]);
  });

  it('calls every handler before `publish` returns, up to its first wait', async () => {
    let goOn = (): void => undefined;
    bus.subscribe('user.changed', async () => {
      calls.push('begun');
      await new Promise<void>((resolve) => (goOn = resolve));
      calls.push('done');
    });
    bus.publish('user.changed', EVENT);
    calls.push('published');
    goOn();
    await Promise.resolve();
    expect(calls).toEqual(['begun', 'published', 'done']);
  });

  it.each<[string, () => void | Promise<void>]>([
    [
      'throws',
      () => {
        throw new Error('broken');
      },
    ],
    ['rejects', () => Promise.reject(new Error('broken'))],
    ['rejects with what is no error', () => Promise.reject('broken')],
  ])('logs a handler that %s, and neither the publisher nor the others notice', async (_, handler) => {
    const unhandled = jest.fn();
    process.on('unhandledRejection', unhandled);
    try {
      bus.forwardTo((name) => void calls.push(`forwarded ${name}`));
      bus.subscribe('user.changed', () => void calls.push('before'));
      bus.subscribe('user.changed', handler);
      bus.subscribe('user.changed', () => void calls.push('after'));
      expect(() => bus.publish('user.changed', EVENT)).not.toThrow();
      expect(calls).toEqual(['before', 'after', 'forwarded user.changed']);
      // Rejections that nobody handles are reported before the next turn.
      await new Promise((resolve) => setImmediate(resolve));
      expect(unhandled).not.toHaveBeenCalled();
      expect(logged.mock.calls).toEqual([['a handler of user.changed failed', expect.stringContaining('broken')]]);
    } finally {
      process.off('unhandledRejection', unhandled);
    }
  });

  it('forwards what this process publishes, behind its own handlers', () => {
    bus.forwardTo((name, event) => void calls.push(`${name} ${JSON.stringify(event)}`));
    bus.subscribe('user.changed', () => void calls.push('own'));
    bus.publish('user.changed', EVENT);
    expect(calls).toEqual(['own', `user.changed ${JSON.stringify(EVENT)}`]);
  });

  it('gives an event of another process to those alone who subscribed to all, and forwards it to nobody', () => {
    bus.forwardTo(() => void calls.push('forwarded'));
    bus.subscribe('user.changed', () => void calls.push('own'));
    bus.subscribeToAll('user.changed', ({ userId }) => void calls.push(`all ${userId}`));
    bus.receive('user.changed', EVENT);
    expect(calls).toEqual(['all ada']);
  });

  it('takes a subscription while it publishes', () => {
    bus.subscribe('user.changed', () => {
      if (calls.length === 0) bus.subscribe('user.changed', () => void calls.push('late'));
      calls.push('first');
    });
    bus.publish('user.changed', EVENT);
    bus.publish('user.changed', EVENT);
    expect(calls.filter((call) => call === 'first')).toHaveLength(2);
    expect(calls.at(-1)).toBe('late');
  });
});
