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
});
