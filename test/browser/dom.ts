import { Window } from 'happy-dom';
// Before there are frames: it would wait for one also when the document is gone.
import 'preact/hooks';

/** What the page's sources and Preact take from a browser. */
const NAMES = [
  'window',
  'document',
  'location',
  'history',
  'innerWidth',
  'innerHeight',
  'HTMLElement',
  'HTMLImageElement',
  'addEventListener',
  'removeEventListener',
  'requestAnimationFrame',
  'cancelAnimationFrame',
  'matchMedia',
] as const;

interface Dom {
  window: Window;
  /** Puts back what a test file of this worker finds without it. */
  close(): void;
}

/** A document without layout, for components of the page. Their own sources are imported after it, dynamically. */
export function openDom(): Dom {
  const window = new Window({ url: 'http://localhost/' });
  const before = NAMES.map((name) => [name, Object.getOwnPropertyDescriptor(globalThis, name)] as const);
  const methods = ['addEventListener', 'removeEventListener', 'requestAnimationFrame', 'cancelAnimationFrame'];
  for (const name of NAMES)
    Object.defineProperty(globalThis, name, {
      configurable: true,
      get: () => {
        const value: unknown = name === 'window' ? window : window[name];
        return methods.includes(name) || name === 'matchMedia' ? (value as () => unknown).bind(window) : value;
      },
    });
  return {
    window,
    close() {
      for (const [name, descriptor] of before)
        if (descriptor === undefined) delete (globalThis as Record<string, unknown>)[name];
        else Object.defineProperty(globalThis, name, descriptor);
      void window.happyDOM.close();
    },
  };
}
