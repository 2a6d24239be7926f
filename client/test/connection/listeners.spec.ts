import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { Listeners } from '../../src/connection/listeners.js';

describe('listeners', () => {
  afterEach(() => void jest.restoreAllMocks());

  it('are all called where one of them throws, and its error is reported, not thrown', () => {
    const report = jest.spyOn(console, 'error').mockReturnValue(undefined);
    const listeners = new Listeners<[word: string]>();
    const received: string[] = [];
    const fault = new Error('a fault of the application');
    listeners.add(() => {
      throw fault;
    });
    listeners.add((word) => received.push(word));
    expect(() => listeners.call('hello')).not.toThrow();
    expect(received).toEqual(['hello']);
    expect(report.mock.calls).toEqual([[fault]]);
  });

  it('are functions', () => {
    expect(() => new Listeners().add(undefined as never)).toThrow(TypeError);
  });
});
