import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { ConversationSequencer, REPAIR_TIMEOUT_MS } from './conversation-sequencer.js';

describe('the sequencer of conversations', () => {
  let sequencer: ConversationSequencer;
  let delivered: string[];
  let reported: unknown[];
  beforeEach(() => {
    delivered = [];
    reported = [];
    sequencer = new ConversationSequencer((error) => reported.push(error));
  });

  describe('by sequence number', () => {
    beforeEach(() => {
      jest.useFakeTimers();
    });
    afterEach(() => {
      jest.useRealTimers();
    });
    const deliver = (seq: number, conversation = 'a'): void =>
      sequencer.inSequence(conversation, seq, () => delivered.push(`${conversation}${seq}`));
    const change = (seq: number): void => sequencer.afterSequence('a', seq, () => delivered.push(`a${seq} changed`));

    it('delivers at once where nothing is missing, and from wherever it begins', () => {
      for (const seq of [7, 8, 9]) deliver(seq);
      deliver(1, 'b');
      expect(delivered).toEqual(['a7', 'a8', 'a9', 'b1']);
    });

    it('holds what comes too early, and nothing of other conversations', () => {
      deliver(1);
      for (const seq of [4, 3]) deliver(seq);
      deliver(5, 'b');
      deliver(2);
      deliver(5);
      expect(delivered).toEqual(['a1', 'b5', 'a2', 'a3', 'a4', 'a5']);
    });

    it('holds it for longer while what is missing is about to be found, and delivers all in order', () => {
      deliver(1);
      sequencer.gapTimeoutMs = REPAIR_TIMEOUT_MS;
      deliver(3);
      jest.advanceTimersByTime(1_500);
      expect(delivered).toEqual(['a1']);
      sequencer.ifMissing('a', 2, () => delivered.push('a2 found'));
      expect(delivered).toEqual(['a1', 'a2 found', 'a3']);
      deliver(5);
      jest.advanceTimersByTime(2_000);
      expect(delivered.at(-1)).toBe('a5');
    });

    it('waits for nothing that would not come, and delivers it when it is found', () => {
      const others = new ConversationSequencer((error) => reported.push(error), 200);
      const push = (seq: number): void => others.inSequence('a', seq, () => delivered.push(`a${seq}`));
      others.gapTimeoutMs = 0;
      push(1);
      for (const seq of [3, 4]) push(seq);
      others.inSequence('b', 7, () => delivered.push('b7'));
      expect(delivered).toEqual(['a1', 'a3', 'a4', 'b7']);
      expect([1, 2, 3].map((seq) => others.isMissing('a', seq))).toEqual([false, true, false]);
      expect([6, 7].map((seq) => others.isMissing('b', seq))).toEqual([true, false]);
      others.ifMissing('a', 2, () => delivered.push('a2'));
      expect(delivered.at(-1)).toBe('a2');
    });

    it('delivers what is found of before the first that it delivered, once', () => {
      deliver(6);
      expect([5, 6].map((seq) => sequencer.isMissing('a', seq))).toEqual([true, false]);
      for (const again of ['', ' again']) sequencer.ifMissing('a', 5, () => delivered.push(`a5${again}`));
      deliver(5);
      expect(delivered).toEqual(['a6', 'a5']);
    });

    it('keeps a change behind its message', () => {
      deliver(1);
      change(1);
      deliver(3);
      change(3);
      change(1);
      deliver(4);
      deliver(2);
      expect(delivered).toEqual(['a1', 'a1 changed', 'a1 changed', 'a2', 'a3', 'a3 changed', 'a4']);
    });

    it('keeps a change behind its message also where nothing else waits, and for no longer than a message', () => {
      deliver(1);
      change(2);
      change(3);
      expect(delivered).toEqual(['a1']);
      deliver(2);
      expect(delivered).toEqual(['a1', 'a2', 'a2 changed']);
      jest.advanceTimersByTime(200);
      expect(delivered.at(-1)).toBe('a3 changed');
      expect([2, 3].map((seq) => sequencer.isMissing('a', seq))).toEqual([false, true]);
      change(5);
      sequencer.passOver('a', 5);
      expect(delivered.at(-1)).toBe('a5 changed');
      sequencer.gapTimeoutMs = 0;
      change(6);
      expect(delivered.at(-1)).toBe('a6 changed');
    });

    it('does not take a change for the message that it is of', () => {
      deliver(1);
      deliver(4);
      change(3);
      jest.advanceTimersByTime(200);
      expect(delivered).toEqual(['a1', 'a3 changed', 'a4']);
      expect([2, 3, 4].map((seq) => sequencer.isMissing('a', seq))).toEqual([true, true, false]);
      deliver(7);
      change(8);
      deliver(5);
      jest.advanceTimersByTime(400);
      expect(delivered.slice(3)).toEqual(['a5', 'a7', 'a8 changed']);
      expect(sequencer.isMissing('a', 8)).toBe(true);
    });

    it('delivers a message before its change, whichever came first', () => {
      deliver(1);
      deliver(4);
      change(3);
      deliver(3);
      deliver(2);
      expect(delivered).toEqual(['a1', 'a2', 'a3', 'a3 changed', 'a4']);
    });

    it('gives up on what never comes, every gap for itself, and still delivers what comes after all', () => {
      deliver(1);
      deliver(3);
      deliver(6);
      jest.advanceTimersByTime(199);
      expect(delivered).toEqual(['a1']);
      jest.advanceTimersByTime(1);
      expect(delivered).toEqual(['a1', 'a3']);
      deliver(4);
      jest.advanceTimersByTime(200);
      expect(delivered).toEqual(['a1', 'a3', 'a4', 'a6']);
      deliver(2);
      deliver(7);
      expect(delivered.slice(4)).toEqual(['a2', 'a7']);
    });

    it('holds the first of a conversation for what another process stored before it, where there are several', () => {
      sequencer = new ConversationSequencer((error) => reported.push(error), 25);
      deliver(9);
      change(9);
      deliver(8);
      deliver(3, 'b');
      expect(delivered).toEqual([]);
      jest.advanceTimersByTime(25);
      expect(delivered).toEqual(['a8', 'a9', 'a9 changed', 'b3']);
      deliver(10);
      expect(delivered.at(-1)).toBe('a10');
    });

    it('delivers what was found in the database once, and only where it was not delivered', () => {
      sequencer = new ConversationSequencer((error) => reported.push(error), 25);
      const find = (seq: number): void => sequencer.ifMissing('a', seq, () => delivered.push(`a${seq} found`));
      deliver(5);
      find(5);
      jest.advanceTimersByTime(25);
      deliver(8);
      jest.advanceTimersByTime(200);
      expect(delivered).toEqual(['a5', 'a8']);
      for (const seq of [5, 6, 7, 8, 9]) find(seq);
      expect(delivered.slice(2)).toEqual(['a6 found', 'a7 found', 'a9 found']);
      // It arrives after all, and it is found again.
      for (const seq of [6, 9]) deliver(seq);
      for (const seq of [6, 7, 9]) find(seq);
      // What came before the first, late, is known as well.
      deliver(4);
      find(4);
      deliver(10);
      expect(delivered.slice(5)).toEqual(['a4', 'a10']);
    });

    it('does not wait for what was passed over', () => {
      deliver(1);
      deliver(4);
      for (const seq of [2, 3]) sequencer.passOver('a', seq);
      expect(delivered).toEqual(['a1', 'a4']);
      sequencer.passOver('b', 7);
      deliver(9, 'b');
      expect(delivered.at(-1)).toBe('b9');
    });

    describe('what is late', () => {
      let late: number[];
      const watch = (seq: number): void =>
        sequencer.inSequence('a', seq, (isLate) => {
          if (isLate) late.push(seq);
        });
      beforeEach(() => {
        late = [];
        watch(1);
        watch(3);
        watch(5);
        jest.advanceTimersByTime(200);
      });

      it('is what comes after all, and all until then that is behind it: somebody may have left with it', () => {
        expect(late).toEqual([3]);
        watch(2);
        watch(4);
        watch(6);
        expect(late).toEqual([3, 2]);
      });

      it('is so until what is missing is found, or concerns nobody here', () => {
        jest.advanceTimersByTime(200);
        watch(6);
        expect(late).toEqual([3, 5, 6]);
        sequencer.ifMissing('a', 2, () => undefined);
        watch(7);
        sequencer.passOver('a', 4);
        watch(8);
        expect(late).toEqual([3, 5, 6, 7]);
      });

      it('is so until what is missing is repaired, and no longer', () => {
        sequencer.closeGaps('a', 2);
        jest.advanceTimersByTime(200);
        expect(late).toEqual([3, 5]);
        sequencer.closeGaps('a', 5);
        watch(6);
        expect([late, sequencer.isMissing('a', 4)]).toEqual([[3, 5], false]);
      });

      it('is nothing that comes behind what was repaired before anything was missed, nor does that wait', () => {
        jest.advanceTimersByTime(200);
        sequencer.closeGaps('a', 8);
        let came = 0;
        sequencer.inSequence('a', 9, (isLate) => (came = isLate ? -1 : 1));
        expect(came).toBe(1);
        watch(10);
        expect(late).toEqual([3, 5]);
        // One that waits is released.
        sequencer.inSequence('a', 13, () => (came = 13));
        sequencer.closeGaps('a', 12);
        expect(came).toBe(13);
      });

      it('is so until the rooms are right behind it, and anew what comes behind what is missed later', () => {
        jest.advanceTimersByTime(200);
        watch(6);
        sequencer.settle('a', 3, undefined);
        watch(7);
        // A connection that was being let in before it was given up may come into the rooms yet.
        sequencer.settle('a', 7, performance.now() - 1);
        watch(8);
        jest.advanceTimersByTime(10);
        sequencer.settle('a', 8, performance.now() - 5);
        watch(9);
        expect([late, sequencer.isMissing('a', 4)]).toEqual([[3, 5, 6, 7, 8], true]);
        watch(11);
        jest.advanceTimersByTime(200);
        expect(late.slice(5)).toEqual([11]);
      });

      it('is nothing where gaps are the rule', () => {
        sequencer.gapTimeoutMs = 0;
        watch(6);
        expect(late).toEqual([3]);
      });
    });

    it('remembers what was given up last, however many conversations had gaps before', () => {
      const gaps = (...ids: readonly string[]): void => {
        for (const id of ids) for (const seq of [1, 3]) sequencer.inSequence(id, seq, () => undefined);
        jest.advanceTimersByTime(200);
      };
      gaps('first');
      const closed = Array.from({ length: 4_000 }, (_, index) => `${index}`);
      for (let start = 0; start < closed.length; start += 1_000) {
        gaps(...closed.slice(start, start + 1_000));
        for (const id of closed.slice(start, start + 1_000)) sequencer.closeGaps(id, 3);
      }
      expect(sequencer.isMissing('first', 2)).toBe(true);
      gaps(...Array.from({ length: 2_999 }, (_, index) => `open ${index}`));
      sequencer.inSequence('first', 5, () => undefined);
      jest.advanceTimersByTime(200);
      gaps('one more');
      expect([2, 4].map((seq) => sequencer.isMissing('first', seq))).toEqual([true, true]);
    });

    it('says of the first of a conversation that it may be late, where it waited for one before it, until that is settled', () => {
      const late: number[] = [];
      const joint = new ConversationSequencer(() => undefined, 200);
      const receive = (seq: number): void =>
        joint.inSequence('a', seq, (isLate) => {
          if (isLate) late.push(seq);
        });
      for (const seq of [5, 6]) receive(seq);
      jest.advanceTimersByTime(200);
      receive(7);
      joint.settle('a', 5, undefined);
      receive(8);
      expect(late).toEqual([5, 6, 7]);
    });

    it('does not take the first of a conversation for its beginning, where one before it came meanwhile', () => {
      const joint = new ConversationSequencer(() => undefined, 200);
      const came: number[] = [];
      const receive = (seq: number): void => joint.inSequence('a', seq, () => came.push(seq));
      receive(2);
      jest.advanceTimersByTime(100);
      joint.ifMissing('a', 1, () => came.push(1));
      receive(4);
      jest.advanceTimersByTime(100);
      expect(joint.isMissing('a', 2)).toBe(false);
      expect(joint.isMissing('a', 3)).toBe(true);
      jest.advanceTimersByTime(200);
      expect(joint.isMissing('a', 3)).toBe(true);
      expect(came).toEqual([1, 2, 4]);
    });

    it('gives up what is missing also where one before the first that waits came behind it', () => {
      const came: number[] = [];
      const receive = (seq: number): void => sequencer.inSequence('a', seq, () => came.push(seq));
      for (const seq of [1, 5, 4]) receive(seq);
      jest.advanceTimersByTime(200);
      expect(came).toEqual([1, 4, 5]);
    });

    it('does not grow with the number of conversations', () => {
      for (let index = 0; index < 100_000; index += 1) sequencer.inSequence(`${index}`, 1, () => undefined);
      const { recent, older } = sequencer as unknown as { recent: Map<string, number>; older: Map<string, number> };
      expect(recent.size + older.size).toBeLessThanOrEqual(40_000);
    });
  });

  describe('in turn', () => {
    const turn = (name: string, until?: Promise<void>): void =>
      sequencer.inTurn(name.charAt(0), () => {
        if (until === undefined) delivered.push(name);
        else return until.then(() => void delivered.push(name));
      });

    it('delivers within the call where nothing is under way', () => {
      turn('a1');
      turn('a2');
      expect(delivered).toEqual(['a1', 'a2']);
    });

    it('holds everything of a conversation behind what is still being read, and nothing of another', async () => {
      let read = (): void => undefined;
      const isRead = new Promise<void>((resolve) => (read = resolve));
      turn('a1', isRead);
      turn('a2');
      turn('a3', Promise.resolve());
      turn('a4');
      turn('b1');
      await new Promise(setImmediate);
      expect(delivered).toEqual(['b1']);
      read();
      await new Promise(setImmediate);
      expect(delivered).toEqual(['b1', 'a1', 'a2', 'a3', 'a4']);
      turn('a5');
      expect(delivered.at(-1)).toBe('a5');
    });

    it('reports what fails, at once or later, and goes on behind it', async () => {
      const failure = (message: string) => () => {
        throw new Error(message);
      };
      sequencer.inTurn('a', failure('at once'));
      sequencer.inTurn('a', async () => failure('later')());
      sequencer.inTurn('a', failure('behind it'));
      turn('a1');
      await new Promise(setImmediate);
      expect(reported.map(String)).toEqual(['Error: at once', 'Error: later', 'Error: behind it']);
      expect(delivered).toEqual(['a1']);
    });
  });
});
