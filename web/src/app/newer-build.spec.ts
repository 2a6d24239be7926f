import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { replaceGlobals } from '../../../test/support/replaced-globals.js';

describe('a part of the page that could not be fetched', () => {
  const ASKED = { isOptional: false, isRetry: false };
  const ASKED_AGAIN = { isOptional: false, isRetry: true };
  const OPTIONAL = { isOptional: true, isRetry: false };
  let reloads: number;
  let requests: number;
  let page: string;
  let answer: () => Promise<void>;
  let visibilityState: string;
  let fields: { value: string; defaultValue: string }[];
  let build: typeof import('./newer-build.js');

  let restore: () => void;

  beforeEach(async () => {
    jest.resetModules();
    [reloads, requests, visibilityState, fields] = [0, 0, 'visible', []];
    page = '<script type="module" src="/assets/old.js">';
    answer = async () => undefined;
    const kept = new Map<string, string>();
    const globals = {
      document: {
        querySelector: () => ({ getAttribute: () => '/assets/old.js' }),
        querySelectorAll: () => fields,
        get visibilityState() {
          return visibilityState;
        },
      },
      sessionStorage: {
        getItem: (key: string) => kept.get(key) ?? null,
        setItem: (key: string, value: string) => void kept.set(key, value),
      },
      location: { reload: () => void (reloads += 1) },
      fetch: async () => {
        requests += 1;
        await answer();
        return { ok: true, text: async () => page };
      },
    };
    restore = replaceGlobals(globals);
    build = await import('./newer-build.js');
  });

  afterEach(() => restore());

  const newBuild = (): void => void (page = '<script type="module" src="/assets/new.js">');

  it('loads the page anew where there is a newer build, once a minute at most', async () => {
    newBuild();
    await build.reloadAfter(ASKED);
    await build.reloadAfter(ASKED);
    expect([reloads, requests]).toEqual([1, 1]);
  });

  it('loads the page anew with the same build only where the user has asked for it again in vain', async () => {
    await build.reloadAfter(ASKED);
    expect(reloads).toBe(0);
    await build.reloadAfter(ASKED_AGAIN);
    expect(reloads).toBe(1);
  });

  it('loads the page anew for what nobody asked for only where nobody looks', async () => {
    newBuild();
    await build.reloadAfter(OPTIONAL);
    expect([reloads, requests]).toEqual([0, 0]);
    visibilityState = 'hidden';
    await build.reloadAfter(OPTIONAL);
    expect(reloads).toBe(1);
  });

  it('loads the page anew for what nobody asked for only where nothing is typed in a form', async () => {
    newBuild();
    visibilityState = 'hidden';
    fields = [{ value: 'a comment', defaultValue: '' }];
    await build.reloadAfter(OPTIONAL);
    expect(reloads).toBe(0);
    fields = [{ value: 'Ada', defaultValue: 'Ada' }];
    await build.reloadAfter(OPTIONAL);
    expect(reloads).toBe(1);
  });

  it('never loads the page anew while a recording or an edit is open, be it since the server was asked', async () => {
    newBuild();
    visibilityState = 'hidden';
    const release = build.holdReload();
    for (const failed of [ASKED, ASKED_AGAIN, OPTIONAL]) await build.reloadAfter(failed);
    expect([reloads, requests]).toEqual([0, 0]);
    release();
    let later: (() => void) | undefined;
    answer = async () => void (later = build.holdReload());
    await build.reloadAfter(ASKED_AGAIN);
    expect([reloads, requests]).toEqual([0, 1]);
    later?.();
    answer = async () => undefined;
    await build.reloadAfter(ASKED);
    expect(reloads).toBe(1);
  });
});
