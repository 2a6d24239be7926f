import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { defaultLifecycle } from '../../src/ports/page.js';

describe('the lifecycle of a page', () => {
  class FakeDocument extends EventTarget {
    visibilityState = 'visible';

    show(visibilityState: string): void {
      this.visibilityState = visibilityState;
      this.dispatchEvent(new Event('visibilitychange'));
    }
  }
  let document: FakeDocument;
  let window: EventTarget;

  beforeEach(() => {
    [document, window] = [new FakeDocument(), new EventTarget()];
    for (const [name, value] of Object.entries({ document, window }))
      Object.defineProperty(globalThis, name, { value, configurable: true });
  });
  afterEach(() => {
    for (const name of ['document', 'window']) Reflect.deleteProperty(globalThis, name);
  });

  it('is inactive while it is hidden, and in the background where the browser puts it away or freezes it', () => {
    document.visibilityState = 'hidden';
    const lifecycle = defaultLifecycle();
    const states: string[] = [];
    const others: string[] = [];
    const end = lifecycle.subscribe((state) => states.push(state));
    lifecycle.subscribe((state) => others.push(state));
    expect(lifecycle.getState()).toBe('inactive');
    const steps: [() => unknown, said: string[], state: string][] = [
      [() => document.show('visible'), ['active'], 'active'],
      [() => document.show('hidden'), ['inactive'], 'inactive'],
      [() => document.dispatchEvent(new Event('freeze')), ['background'], 'background'],
      // It is back, which connects it, and nobody looks.
      [() => document.dispatchEvent(new Event('resume')), ['active', 'inactive'], 'inactive'],
      [() => document.show('visible'), ['active'], 'active'],
      [() => window.dispatchEvent(new Event('pagehide')), ['background'], 'background'],
      [() => document.show('hidden'), [], 'background'],
      [() => document.show('visible'), ['active'], 'active'],
      [() => window.dispatchEvent(new Event('pagehide')), ['background'], 'background'],
      [() => window.dispatchEvent(new Event('pageshow')), ['active'], 'active'],
    ];
    for (const [step, said, state] of steps) {
      step();
      expect([states.splice(0), others.splice(0), lifecycle.getState()]).toEqual([said, said, state]);
    }
    end();
    document.show('hidden');
    expect([states, others]).toEqual([[], ['inactive']]);
  });
});
