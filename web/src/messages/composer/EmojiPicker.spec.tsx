import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { render, type ComponentChildren } from 'preact';
import { act } from 'preact/test-utils';
import { openDom } from '../../../../test/browser/dom.js';
import { replaceGlobals } from '../../../../test/support/replaced-globals.js';

describe('the picker of emoji', () => {
  let dom: ReturnType<typeof openDom>;
  let root: HTMLElement;
  const show = (content: ComponentChildren): void => void act(() => render(content, root));

  beforeAll(() => void (dom = openDom()));
  afterAll(() => dom.close());
  beforeEach(() => {
    jest.useFakeTimers();
    root = document.createElement('div');
    document.body.append(root);
  });
  afterEach(() => {
    show(null);
    root.remove();
    jest.useRealTimers();
  });

  it('takes Enter for the first that is found, and for nothing behind it, and leaves it to an input method', async () => {
    const restore = replaceGlobals({ localStorage: { getItem: () => null, setItem: () => undefined } });
    const { default: EmojiPicker } = await import('./EmojiPicker.js');
    const onClose = jest.fn();
    const chosen: string[] = [];
    show(<EmojiPicker onChoose={(emoji) => chosen.push(emoji)} onClose={onClose} />);
    const search = root.querySelector('input') as HTMLInputElement;
    /** Whether it is kept from whatever has the focus next. */
    const press = (isComposing: boolean, keyCode = 13): boolean => {
      const event = new dom.window.KeyboardEvent('keydown', {
        ...{ key: 'Enter', isComposing, keyCode, bubbles: true, cancelable: true },
      }) as unknown as Event;
      return !search.dispatchEvent(event);
    };
    search.value = 'rocket';
    void act(() => void search.dispatchEvent(new dom.window.Event('input', { bubbles: true }) as unknown as Event));
    expect([press(true), press(false, 229), chosen]).toEqual([false, false, []]);
    expect([press(false), chosen]).toEqual([true, ['🚀']]);
    expect(onClose).toHaveBeenCalledTimes(1);
    restore();
  });
});
