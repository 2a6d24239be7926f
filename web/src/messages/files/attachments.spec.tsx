import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import type { MessageItem } from '@parley/client';
import { render, type ComponentChildren } from 'preact';
import { act } from 'preact/test-utils';
import { openDom } from '../../../../test/browser/dom.js';
import type { MessageActions } from '../actions.js';

describe('a sound whose player cannot be loaded', () => {
  const reloads: unknown[] = [];
  let dom: ReturnType<typeof openDom>;
  let root: HTMLElement;
  let Attachments: typeof import('./Attachments.js').Attachments;

  const show = (content: ComponentChildren): Promise<void> =>
    act(async () => {
      render(content, root);
      await jest.advanceTimersByTimeAsync(0);
    });

  beforeAll(async () => {
    dom = openDom();
    jest.unstable_mockModule('@parley/client/react', () => ({ useConnection: () => ({ status: 'live' }) }));
    jest.unstable_mockModule('../../app/newer-build.js', () => ({
      reloadAfter: async (failed: unknown) => void reloads.push(failed),
    }));
    jest.unstable_mockModule('./SoundPlayer.js', () => {
      throw new TypeError('Failed to fetch dynamically imported module');
    });
    ({ Attachments } = await import('./Attachments.js'));
  });

  afterAll(() => dom.close());

  beforeEach(() => {
    jest.useFakeTimers();
    root = document.createElement('div');
    document.body.append(root);
  });

  afterEach(async () => {
    await show(null);
    root.remove();
    jest.useRealTimers();
  });

  it('is a file that one can save, and never makes the page begin anew while somebody looks', async () => {
    const attachments = [{ id: '1', url: '/attachments/1', name: 'voice.webm', size: 1, kind: 'AUDIO' }];
    const item = { attachments } as unknown as MessageItem;
    for (const count of [1, 2]) {
      await show(<Attachments item={item} actions={{} as MessageActions} />);
      for (let tick = 0; reloads.length < count && tick < 1_000; tick += 1) await show(null);
      await show(<Attachments item={item} actions={{} as MessageActions} />);
    }
    expect(root.querySelector('a.file')?.getAttribute('href')).toBe('/attachments/1');
    expect(reloads).toEqual([
      { isOptional: true, isRetry: false },
      { isOptional: true, isRetry: false },
    ]);
  });
});
