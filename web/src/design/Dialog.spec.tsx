import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { render, type ComponentChildren } from 'preact';
import { act } from 'preact/test-utils';
import { openDom } from '../../../test/browser/dom.js';

describe('a dialog', () => {
  let dom: ReturnType<typeof openDom>;
  let root: HTMLElement;
  let Dialog: typeof import('./Dialog.js').Dialog;
  let toasts: typeof import('./toasts.js');

  const show = (content: ComponentChildren): void => void act(() => render(content, root));

  beforeAll(async () => {
    dom = openDom();
    ({ Dialog } = await import('./Dialog.js'));
    toasts = await import('./toasts.js');
  });

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
    act(() => notify('It has failed.'));
    expect(root.querySelector('dialog > [role=status] > .toast')?.textContent).toBe('It has failed.');
    expect(countOf('.toast')).toBe(1);
    show(page(dialog(dialog('a question'))));
    expect([countOf('.toast'), countOf('dialog dialog .toast')]).toEqual([1, 1]);
    show(page(null));
    expect([countOf('.toast'), countOf('dialog')]).toEqual([1, 0]);
  });
});
