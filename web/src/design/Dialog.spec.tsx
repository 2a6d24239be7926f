import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { render, type ComponentChildren } from 'preact';
import { act } from 'preact/test-utils';
import { openDom } from '../../../test/browser/dom.js';

describe('a dialog', () => {
  let dom: ReturnType<typeof openDom>;
  let root: HTMLElement;
  let Dialog: typeof import('./Dialog.js').Dialog;
  let closeByEscape: typeof import('./Dialog.js').closeByEscape;
  let toasts: typeof import('./toasts.js');

  const onClose = jest.fn();

  const show = (content: ComponentChildren): void => void act(() => render(content, root));

  beforeAll(async () => {
    dom = openDom();
    ({ closeByEscape, Dialog } = await import('./Dialog.js'));
    toasts = await import('./toasts.js');
  });

  afterAll(() => dom.close());

  beforeEach(() => {
    jest.useFakeTimers();
    onClose.mockClear();
    root = document.createElement('div');
    document.body.append(root);
  });

  afterEach(() => {
    show(null);
    root.remove();
    jest.useRealTimers();
  });

  it('shows within itself, and nowhere else, what is notified: all around it is inert', () => {
    const { Toasts, notify } = toasts;
    const page = (dialogs: ComponentChildren): ComponentChildren => (
      <>
        <Toasts />
        {dialogs}
      </>
    );
    const dialog = (children: ComponentChildren): ComponentChildren => (
      <Dialog title="Details" onClose={() => undefined}>
        {children}
      </Dialog>
    );
    const countOf = (selector: string): number => root.querySelectorAll(selector).length;
    show(page(dialog('words')));
    void act(() => notify('It has failed.'));
    expect(root.querySelector('dialog > [role=status] > .toast')?.textContent).toBe('It has failed.');
    expect(countOf('.toast')).toBe(1);
    show(page(dialog(dialog('a question'))));
    expect([countOf('.toast'), countOf('dialog dialog .toast')]).toEqual([1, 1]);
    show(page(null));
    expect([countOf('.toast'), countOf('dialog')]).toEqual([1, 0]);
  });

  const happen = (type: string, selector: string, detail = 1): void => {
    const event = new dom.window.MouseEvent(type, { bubbles: true, cancelable: true, detail });
    root.querySelector(selector)?.dispatchEvent(event as unknown as Event);
  };
  /** The pointer goes down at one place and up at another: the click is at what is around both. */
  const drag = (from: string, to: string, detail = 1): void => {
    happen('pointerdown', from);
    happen('click', from === to ? from : 'dialog', detail);
  };

  it('closes by Escape, and not where the choice of a file is cancelled within it', () => {
    show(
      <Dialog title="Details" onClose={onClose}>
        <input type="file" />
      </Dialog>,
    );
    happen('cancel', 'input');
    expect(onClose).not.toHaveBeenCalled();
    happen('cancel', 'dialog');
    expect(onClose).toHaveBeenCalledTimes(1);
  });

  it('closes by a click beside it, and not by a drag from within or the double click that opened it', () => {
    show(
      <Dialog title="Report" onClose={onClose}>
        <textarea />
      </Dialog>,
    );
    drag('dialog', 'dialog', 2);
    drag('textarea', 'dialog');
    drag('textarea', 'textarea');
    expect(onClose).not.toHaveBeenCalled();
    drag('dialog', 'dialog');
    expect(onClose).toHaveBeenCalledTimes(1);
  });

  it('leaves Escape to an input method', () => {
    const press = (isComposing: boolean, keyCode = 27): void =>
      closeByEscape(new dom.window.KeyboardEvent('keydown', { key: 'Escape', isComposing, keyCode }) as never, onClose);
    press(true);
    press(false, 229);
    expect(onClose).not.toHaveBeenCalled();
    press(false);
    expect(onClose).toHaveBeenCalledTimes(1);
  });

  it('stays at a click beside it where it shows what is shown once', () => {
    show(
      <Dialog title="Key" onClose={onClose} isShownOnce>
        secret
      </Dialog>,
    );
    drag('dialog', 'dialog');
    expect(onClose).not.toHaveBeenCalled();
    happen('cancel', 'dialog');
    expect(onClose).toHaveBeenCalledTimes(1);
  });
});
