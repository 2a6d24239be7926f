import { afterAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { openDom } from '../../../test/browser/dom.js';

describe('the history of the page', () => {
  const dom = openDom();
  const back = jest.spyOn(dom.window.history, 'back').mockImplementation(() => undefined);

  beforeEach(() => {
    jest.resetModules();
    back.mockClear();
  });

  afterAll(() => dom.close());

  it.each([
    ['leaves out, after a reload, what was open over the place', { from: '/', isOver: true }, 1],
    ['stays at a place that is opened, however it was reached', { from: '/' }, 0],
    ['stays at a place that is opened first', null, 0],
  ])('%s', async (_, state, steps) => {
    history.replaceState(state, '', '/c/1');
    await import('./router.js');
    expect(back).toHaveBeenCalledTimes(steps);
  });

  it('says of somebody who went elsewhere, and came back, that they did not stay', async () => {
    history.replaceState(null, '', '/people');
    const { go, staying } = await import('./router.js');
    const [stays, ends] = [staying(), [true]];
    for (const name of ['settings', 'people'] as const) {
      go({ name });
      ends.push(stays());
    }
    expect([ends, staying()()]).toEqual([[true, false, false], true]);
  });

  it('has no entry left of what was over the place that is left', async () => {
    history.replaceState(null, '', '/c/1');
    const { go } = await import('./router.js');
    history.pushState({ from: '/', isOver: true }, '');
    const entries = history.length;
    go({ name: 'conversation', id: '2' });
    expect([location.pathname, history.state, history.length]).toEqual(['/c/2', { from: '/c/1' }, entries]);
  });

  it('replaces the place, and not what is over it', async () => {
    history.replaceState({ from: '/' }, '', '/c/1');
    const { go } = await import('./router.js');
    history.pushState({ from: '/', isOver: true }, '');
    go({ name: 'home' }, { replace: true });
    expect([back.mock.calls.length, location.pathname]).toEqual([1, '/c/1']);
    // What the browser does then.
    history.replaceState({ from: '/' }, '', '/c/1');
    jest.useFakeTimers();
    window.dispatchEvent(new dom.window.PopStateEvent('popstate') as unknown as Event);
    jest.useRealTimers();
    expect([location.pathname, history.state]).toEqual(['/', { from: '/' }]);
  });
});
