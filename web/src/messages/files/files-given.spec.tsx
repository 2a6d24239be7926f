import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { render } from 'preact';
import { act } from 'preact/test-utils';
import { openDom } from '../../../../test/browser/dom.js';

describe('files that are given to the page', () => {
  let dom: ReturnType<typeof openDom>;
  let filesOf: typeof import('../sending.js').filesOf;
  let dropZone: typeof import('./DropZone.js');

  beforeAll(async () => {
    dom = openDom();
    jest.unstable_mockModule('../../session/client.js', () => ({ client: {} }));
    ({ filesOf } = await import('../sending.js'));
    dropZone = await import('./DropZone.js');
    (await import('./dropped-files.js')).ignoreDroppedFiles();
  });

  afterEach(() => void act(() => render(null, document.body)));

  afterAll(() => dom.close());

  const pasted = (...types: string[]): DataTransfer =>
    ({ types, files: [{ name: 'a file' }] }) as unknown as DataTransfer;

  it.each([
    ['a picture alone is attached', ['Files'], 1],
    ['a picture of a page is attached', ['text/html', 'Files'], 1],
    ['a file that comes with its name is attached', ['text/plain', 'Files'], 1],
    ['text of an office program is text, without the picture of it', ['text/plain', 'text/html', 'Files'], 0],
  ])('when pasted, %s', (_, types, count) => {
    expect(filesOf(pasted(...types)).length).toBe(count);
  });

  it('are, when dropped, taken where a conversation is, and never opened in place of the page', () => {
    const taken: unknown[] = [];
    void act(() =>
      render(
        <>
          <nav />
          <dropZone.DropZone onFiles={(files) => taken.push(...files)}>words</dropZone.DropZone>
        </>,
        document.body,
      ),
    );
    const drop = (type: string, selector: string, dataTransfer: object): boolean => {
      const event = Object.assign(new dom.window.Event(type, { bubbles: true, cancelable: true }), { dataTransfer });
      void act(() => void document.querySelector(selector)?.dispatchEvent(event as unknown as Event));
      return event.defaultPrevented;
    };
    const given = { types: ['Files'], files: ['a file'], dropEffect: 'copy' };
    expect(drop('dragover', 'main', given)).toBe(true);
    expect(given.dropEffect).toBe('copy');
    expect(drop('drop', 'main', given)).toBe(true);
    expect(taken).toEqual(['a file']);
    expect(drop('dragover', 'nav', given)).toBe(true);
    expect(given.dropEffect).toBe('none');
    expect(drop('drop', 'nav', given)).toBe(true);
    expect(taken).toEqual(['a file']);
    // Text goes into fields as ever.
    expect(drop('drop', 'nav', { types: ['text/plain'] })).toBe(false);
  });
});
