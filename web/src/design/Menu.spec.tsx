import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { render } from 'preact';
import { act } from 'preact/test-utils';
import { openDom } from '../../../test/browser/dom.js';

describe('a menu', () => {
  let dom: ReturnType<typeof openDom>;
  let Menu: typeof import('./Menu.js').Menu;

  beforeAll(async () => {
    dom = openDom();
    Object.assign(dom.window.HTMLElement.prototype, { showPopover: () => undefined });
    ({ Menu } = await import('./Menu.js'));
  });

  beforeEach(() => void jest.useFakeTimers());

  afterEach(() => {
    void act(() => render(null, document.body));
    jest.useRealTimers();
  });

  afterAll(() => dom.close());

  it('closes where the window gets another width, and stays where a keyboard on the screen goes', () => {
    const onClose = jest.fn();
    void act(() =>
      render(
        <Menu label="Actions" at={{ x: 0, y: 0 }} onClose={onClose}>
          <button type="button">Reply</button>
        </Menu>,
        document.body,
      ),
    );
    const { window } = dom;
    const { innerWidth, innerHeight } = window;
    window.happyDOM.setViewport({ width: innerWidth, height: innerHeight + 300 });
    expect(onClose).not.toHaveBeenCalled();
    window.happyDOM.setViewport({ width: innerWidth + 300, height: innerHeight });
    expect(onClose).toHaveBeenCalled();
  });

  it('closes by going back, and has an entry of the history for that', () => {
    const onClose = jest.fn();
    void act(() =>
      render(<Menu label="Actions" at={{ x: 0, y: 0 }} onClose={onClose} children={null} />, document.body),
    );
    expect(history.state).toEqual({ isOver: true });
    // What the browser does then.
    history.replaceState(null, '');
    window.dispatchEvent(new dom.window.PopStateEvent('popstate') as unknown as Event);
    expect(onClose).toHaveBeenCalledTimes(1);
  });
});
