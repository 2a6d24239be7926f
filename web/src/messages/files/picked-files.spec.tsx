import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { IDBFactory } from 'fake-indexeddb';
import { render } from 'preact';
import { act } from 'preact/test-utils';
import { openDom } from '../../../../test/browser/dom.js';

type Picked = ReturnType<typeof import('./picked-files.js').usePickedFiles>;

/** The store answers in its own time. */
async function until(isSo: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = Date.now() + 60_000;
  while (!(await isSo())) {
    if (Date.now() > deadline) throw new Error('It has not come about.');
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

describe('files that were picked', () => {
  const file = (name: string, size = 1): File => ({ name, size, lastModified: 0 }) as File;
  const namesOf = (files: readonly File[]): string => files.map(({ name }) => name).join();
  let dom: ReturnType<typeof openDom>;
  let roots: HTMLElement[];
  let usePickedFiles: typeof import('./picked-files.js').usePickedFiles;
  let stored: typeof import('./stored-files.js');
  let otherTab: typeof import('./stored-files.js');

  beforeAll(async () => {
    dom = openDom();
    jest.unstable_mockModule('../../session/client.js', () => ({ client: { userId: 'ada' } }));
    otherTab = await import('./stored-files.js');
    jest.resetModules();
    ({ usePickedFiles } = await import('./picked-files.js'));
    stored = await import('./stored-files.js');
  });

  beforeEach(() => {
    roots = [];
    Object.defineProperty(globalThis, 'indexedDB', { value: new IDBFactory(), configurable: true });
  });

  afterEach(() =>
    act(() => {
      for (const root of roots) render(null, root);
    }),
  );

  afterAll(() => {
    delete (globalThis as { indexedDB?: unknown }).indexedDB;
    dom.close();
  });

  function composerOf(conversationId: string) {
    let picked: Picked = [[], () => undefined];
    function Composer() {
      picked = usePickedFiles(conversationId);
      return null;
    }
    const root = document.createElement('div');
    roots.push(root);
    void act(() => render(<Composer />, root));
    return {
      files: () => picked[0],
      pick: (...files: File[]) => void act(() => picked[1](files)),
      send: (copied: Promise<void>) => void act(() => picked[1]([], copied)),
      toShow: (names: string) => until(() => namesOf(picked[0]) === names),
      toBeKept: (names: string) =>
        until(async () => namesOf(await stored.readFiles(`ada ${conversationId}`)) === names),
    };
  }

  /** What another tab of this browser leaves in the store. */
  async function pickElsewhere(conversationId: string, ...files: File[]): Promise<void> {
    const opening = indexedDB.open('parley-picked-files');
    await until(() => opening.readyState === 'done');
    const putting = opening.result
      .transaction('files', 'readwrite')
      .objectStore('files')
      .put(files, `ada ${conversationId}`);
    await until(() => putting.readyState === 'done');
    opening.result.close();
  }

  /** What is read from now on is read by a page that begins later than anything was sent. */
  const beginAnew = () => jest.spyOn(performance, 'timeOrigin', 'get').mockReturnValue(Date.now() + 60_000);

  const focus = (): void => void dom.window.dispatchEvent(new dom.window.Event('focus'));

  it('are gone from a tab that is used again once another has sent them', async () => {
    const here = composerOf('c1');
    here.pick(file('sea.jpg'));
    await here.toBeKept('sea.jpg');
    await pickElsewhere('c1');
    focus();
    await here.toShow('');
    expect(here.files()).toEqual([]);
  });

  it('stay in a tab that is used again where they are the same, or too large to be kept', async () => {
    const [small, large, other] = [composerOf('c2'), composerOf('c3'), composerOf('c4')];
    small.pick(file('sea.jpg'));
    large.pick(file('film.webm', 200_000_000));
    await small.toBeKept('sea.jpg');
    const [same, film] = [small.files(), large.files()];
    await pickElsewhere('c4', file('land.jpg'));
    focus();
    await other.toShow('land.jpg');
    expect(small.files()).toBe(same);
    expect(large.files()).toBe(film);
  });

  it('stay where another tab has picked them, when some that are too large to be kept are sent here', async () => {
    const here = composerOf('c5');
    here.pick(file('film.webm', 200_000_000));
    await here.toBeKept('');
    await pickElsewhere('c5', file('land.jpg'));
    here.pick();
    // What the store is asked after that is done after that.
    await stored.storeFiles('ada c6', []);
    await here.toBeKept('land.jpg');
    expect(here.files()).toEqual([]);
  });

  it('are kept, and not shown again, until the message they were sent with has a copy', async () => {
    const [here, other] = [composerOf('c7'), composerOf('c8')];
    const keptIn = async (id: string): Promise<string> => {
      // What the store is asked after that is done after that.
      await stored.storeFiles('ada c9', []);
      const began = beginAnew();
      const files = await stored.readFiles(`ada ${id}`);
      began.mockRestore();
      return namesOf(files);
    };
    for (const { pick, toBeKept } of [here, other]) {
      pick(file('sea.jpg'));
      await toBeKept('sea.jpg');
    }
    let copy = (): void => undefined;
    const copied = new Promise<void>((resolve) => (copy = resolve));
    here.send(copied);
    other.send(copied);
    other.pick(file('land.jpg'));
    focus();
    expect([await keptIn('c7'), here.files()]).toEqual(['sea.jpg', []]);
    copy();
    await here.toBeKept('');
    expect([await keptIn('c8'), namesOf(other.files())]).toEqual(['land.jpg', 'land.jpg']);
  });

  it('are picked in no other tab while they are copied into a message, and again on a page that begins then', async () => {
    const here = composerOf('c10');
    here.pick(file('sea.jpg'));
    await here.toBeKept('sea.jpg');
    const picked = here.files();
    here.send(new Promise(() => undefined));
    await until(async () => (await otherTab.readFiles('ada c10', picked)).length === 0);
    // Nor in one that has been open all the time, and comes to this conversation now.
    expect(await otherTab.readFiles('ada c10')).toEqual([]);
    const began = beginAnew();
    const again = await otherTab.readFiles('ada c10');
    expect(namesOf(again)).toBe('sea.jpg');
    expect(await otherTab.readFiles('ada c10', again)).toBe(again);
    began.mockRestore();
  });
});
