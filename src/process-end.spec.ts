import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { ProcessEnd } from './process-end.js';

describe('the end of a process', () => {
  // The bound of the end, which would end this process.
  beforeEach(() => {
    jest.useFakeTimers();
  });
  afterEach(() => {
    jest.useRealTimers();
  });

  const stopping = (): { stops: boolean[]; stop: (isOrderly: boolean) => Promise<void> } => {
    const stops: boolean[] = [];
    return { stops, stop: (isOrderly) => new Promise(() => stops.push(isOrderly)) };
  };

  it('that was asked for during the start sends nobody away over a while: its bound has no time for that', () => {
    const end = new ProcessEnd();
    const { stops, stop } = stopping();
    end.begin(true);
    end.attach(stop, 30_000);
    expect(stops).toEqual([false]);
  });

  it('that is asked for later sends clients away one after the other', () => {
    const end = new ProcessEnd();
    const { stops, stop } = stopping();
    end.attach(stop, 30_000);
    end.begin(true);
    expect(stops).toEqual([true]);
  });
});
