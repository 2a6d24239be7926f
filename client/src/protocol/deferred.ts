import { ChatError } from './errors.js';
import { handled } from './handled.js';

/**
 * A part of the client that follows the first load of a page. It is asked for once; one that did not come (the network
 * broke) is asked for again by the next who needs it.
 */
export function deferred<Part>(load: () => Promise<Part>): () => Promise<Part> {
  let loading: Promise<Part> | undefined;
  return () =>
    (loading ??= load().catch((cause: unknown) => {
      loading = undefined;
      throw new ChatError('NETWORK', 'The code could not be read.', { cause });
    }));
}

/** The calls of these names, each of which loads what does it. What they return may be ignored. */
export function deferredCalls<Calls extends object>(
  names: readonly (keyof Calls & string)[],
  load: () => Promise<Calls>,
): Calls {
  const call =
    (name: keyof Calls) =>
    (...parameters: unknown[]): Promise<unknown> =>
      handled(load().then((calls) => (calls[name] as (...given: unknown[]) => Promise<unknown>)(...parameters)));
  return Object.fromEntries(names.map((name) => [name, call(name)])) as Calls;
}
