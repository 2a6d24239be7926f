import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { ConversationSequencer } from './conversation-sequencer.js';

describe('what is told by sequence number', () => {
  let order: ConversationSequencer;
  let acted: string[];
  beforeEach(() => {
    jest.useFakeTimers();
    order = new ConversationSequencer();
    acted = [];
  });
  afterEach(() => {
    jest.useRealTimers();
  });
  const tell = (seq: number, conversation = 'a'): void =>
    order.told(conversation, seq, () => acted.push(`${conversation}${seq}`));
  const change = (seq: number): void => order.after('a', seq, () => acted.push(`a${seq} changed`));

  it('acts at once where nothing is missing, and from wherever it begins', () => {
    for (const seq of [7, 8, 9]) tell(seq);
    tell(1, 'b');
    expect(acted).toEqual(['a7', 'a8', 'a9', 'b1']);
  });

  it('holds what comes too early, and nothing of other conversations', () => {
    tell(1);
    for (const seq of [4, 3]) tell(seq);
    tell(5, 'b');
    tell(2);
    tell(5);
    expect(acted).toEqual(['a1', 'b5', 'a2', 'a3', 'a4', 'a5']);
  });

  it('keeps a change behind its message', () => {
    tell(1);
    change(1);
    tell(3);
    change(3);
    change(1);
    tell(4);
    tell(2);
    expect(acted).toEqual(['a1', 'a1 changed', 'a1 changed', 'a2', 'a3', 'a3 changed', 'a4']);
  });

  it('gives up on what never comes, every gap for itself, and still tells what comes after all', () => {
    tell(1);
    tell(3);
    tell(6);
    jest.advanceTimersByTime(199);
    expect(acted).toEqual(['a1']);
    jest.advanceTimersByTime(1);
    expect(acted).toEqual(['a1', 'a3']);
    tell(4);
    jest.advanceTimersByTime(200);
    expect(acted).toEqual(['a1', 'a3', 'a4', 'a6']);
    tell(2);
    tell(7);
    expect(acted.slice(4)).toEqual(['a2', 'a7']);
  });

  it('does not grow with the number of conversations', () => {
    for (let index = 0; index < 100_000; index += 1) order.told(`${index}`, 1, () => undefined);
    const { recent, older } = order as unknown as { recent: Map<string, number>; older: Map<string, number> };
    expect(recent.size + older.size).toBeLessThanOrEqual(40_000);
  });
});
