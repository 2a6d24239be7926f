import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { openDom } from '../../../test/browser/dom.js';

describe('the download of a file of the server’s', () => {
  let dom: ReturnType<typeof openDom>;
  let download: typeof import('./download.js').download;
  let link: HTMLAnchorElement;
  let answer: (status: number) => void;
  const requests = jest.spyOn(globalThis, 'fetch');

  beforeAll(async () => {
    dom = openDom();
    ({ download } = await import('./download.js'));
  });

  afterAll(() => {
    requests.mockRestore();
    dom.close();
  });

  beforeEach(() => {
    jest.useFakeTimers();
    requests.mockReset();
    requests.mockImplementation(
      () => new Promise((resolve) => (answer = (status) => resolve(new Response('{}', { status })))),
    );
    link = document.createElement('a');
    link.href = 'http://localhost/users/me/export';
    link.addEventListener('click', (event) => download(event as never));
    document.body.append(link);
  });

  afterEach(() => {
    link.remove();
    jest.useRealTimers();
  });

  it('begins once, however often it is clicked until it is there or was refused', async () => {
    link.click();
    link.click();
    expect(requests).toHaveBeenCalledTimes(1);
    expect(link.getAttribute('aria-disabled')).toBe('true');
    answer(503);
    await jest.advanceTimersByTimeAsync(0);
    expect(link.hasAttribute('aria-disabled')).toBe(false);
    link.click();
    expect(requests).toHaveBeenCalledTimes(2);
  });
});
