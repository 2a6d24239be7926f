import { describe, expect, it } from '@jest/globals';
import { StepSize } from './step-size.js';

describe('the size of a step', () => {
  it('is soon one where steps fail, and as much as it may be again where they do not', () => {
    const size = new StepSize(100);
    const values = (note: () => void): number[] =>
      Array.from({ length: 4 }, () => {
        note();
        return size.value;
      });
    expect(size.value).toBe(100);
    expect(values(() => size.failed())).toEqual([25, 6, 1, 1]);
    expect(values(() => size.succeeded())).toEqual([2, 4, 8, 16]);
    expect(values(() => size.succeeded())).toEqual([32, 64, 100, 100]);
  });
});
