import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { Logger } from '@nestjs/common';
import type { Configuration } from '../config/configuration.js';
import { TIMINGS } from '../config/timings.js';
import { EventBus } from '../events/event-bus.js';
import type { CatchUp } from './catch-up/catch-up.js';
import type { CatchUpRepository } from './catch-up/catch-up.repository.js';
import { SingleProcess } from './single-process.js';

describe('a process that is alone and does not know what it committed', () => {
  let read: string[];
  let end: (error?: Error) => void;
  let events: EventBus;
  let single: SingleProcess;
  beforeEach(() => {
    jest.useFakeTimers();
    jest.spyOn(Logger.prototype, 'debug').mockImplementation(() => undefined);
    read = [];
    events = new EventBus();
    const catchUp = {
      stop: () => undefined,
      run: (since: string) => {
        read.push(since);
        return new Promise((resolve, reject) => {
          end = (error) => (error === undefined ? resolve('9:9:') : reject(error));
        });
      },
    } as unknown as CatchUp;
    single = new SingleProcess(catchUp, {} as CatchUpRepository, events, { timings: TIMINGS } as Configuration);
  });
  afterEach(async () => {
    end();
    await single.onApplicationShutdown();
    jest.restoreAllMocks();
    jest.useRealTimers();
  });

  const unsettled = async (since: string): Promise<void> => {
    events.publish('write.unsettled', { since });
    await jest.advanceTimersByTimeAsync(0);
  };

  it('reads again what becomes known while it reads, also from the same snapshot', async () => {
    await unsettled('5:5:');
    await unsettled('5:5:');
    expect(read).toEqual(['5:5:']);
    end();
    await jest.advanceTimersByTimeAsync(0);
    expect(read).toEqual(['5:5:', '5:5:']);
    end();
    await jest.advanceTimersByTimeAsync(60_000);
    expect(read).toHaveLength(2);
  });

  it('reads from the oldest where the database does not answer', async () => {
    await unsettled('5:5:');
    await unsettled('7:7:');
    end(new Error('away'));
    await jest.advanceTimersByTimeAsync(3_000);
    expect(read).toEqual(['5:5:', '5:5:']);
  });
});
