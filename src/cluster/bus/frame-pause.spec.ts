import { describe, expect, it } from '@jest/globals';
import { framePauseMs } from './frame-pause.js';

describe('the pause between two frames', () => {
  it('is the same for a few processes', () => {
    expect([0, 1, 2, 4].map(framePauseMs)).toEqual([5, 5, 5, 5]);
  });

  it('grows with their number, so that all together send about as many frames as before', () => {
    expect([8, 20, 40].map(framePauseMs)).toEqual([10, 25, 50]);
  });

  it('stays below what a message waits for the one before it', () => {
    expect(framePauseMs(1_000)).toBe(50);
  });
});
