import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import type { Attachment, MessageItem } from '@parley/client';
import { render, type ComponentChildren } from 'preact';
import { act } from 'preact/test-utils';
import { openDom } from '../../../../test/browser/dom.js';
import type { MessageActions } from '../actions.js';

describe('a file that failed without a network', () => {
  let dom: ReturnType<typeof openDom>;
  let root: HTMLElement;
  let status: 'live' | 'offline';
  let done: string[];
  let Picture: typeof import('./Picture.js').Picture;
  let SoundPlayer: typeof import('./SoundPlayer.js').default;
  let Attachments: typeof import('./Attachments.js').Attachments;
  let Avatar: typeof import('../../design/Avatar.js').Avatar;

  const attachment = { url: '/attachments/1', name: 'sea', blurhash: null, waveform: null } as Attachment;
  const show = (content: ComponentChildren): void => void act(() => render(content, root));
  const happen = (type: string, element: Element | null): void =>
    void act(() => void element?.dispatchEvent(new dom.window.Event(type) as unknown as Event));
  const fail = (element: Element | null): void => happen('error', element);

  beforeAll(async () => {
    dom = openDom();
    jest.unstable_mockModule('@parley/client/react', () => ({
      useConnection: () => ({ status }),
      usePresence: () => undefined,
    }));
    ({ Picture } = await import('./Picture.js'));
    ({ default: SoundPlayer } = await import('./SoundPlayer.js'));
    ({ Attachments } = await import('./Attachments.js'));
    ({ Avatar } = await import('../../design/Avatar.js'));
    const prototype = dom.window.HTMLMediaElement.prototype;
    jest.spyOn(prototype, 'load').mockImplementation(() => void done.push('load'));
    jest.spyOn(prototype, 'play').mockImplementation(async () => void done.push('play'));
  });

  afterAll(() => dom.close());

  beforeEach(() => {
    status = 'offline';
    done = [];
    root = document.createElement('div');
    document.body.append(root);
  });

  afterEach(() => {
    show(null);
    root.remove();
  });

  it('is shown, where it is a picture, once the network is back', () => {
    const picture = (): ComponentChildren => <Picture attachment={attachment} isAlone onOpen={() => undefined} />;
    show(picture());
    fail(root.querySelector('img'));
    expect(root.querySelector('img')).toBeNull();
    status = 'live';
    show(picture());
    expect(root.querySelector('img')).not.toBeNull();
  });

  it('is shown, where it is an avatar, once the network is back, and as initials until then', () => {
    const avatar = (): ComponentChildren => <Avatar id="ada" name="Ada Example" url="/avatars/ada" />;
    show(avatar());
    fail(root.querySelector('img'));
    expect([root.querySelector('img'), root.textContent]).toEqual([null, 'AE']);
    status = 'live';
    show(avatar());
    expect([root.querySelector('img')?.getAttribute('src'), root.textContent]).toEqual(['/avatars/ada', '']);
  });

  it('is loaded anew, where it is a film, once the network is back', () => {
    const item = { attachments: [{ ...attachment, kind: 'VIDEO' }] } as unknown as MessageItem;
    const film = (): ComponentChildren => <Attachments item={item} actions={{} as MessageActions} />;
    show(film());
    Object.defineProperty(root.querySelector('video'), 'error', { value: { code: 2 } });
    expect(done).toEqual([]);
    status = 'live';
    show(film());
    expect(done).toEqual(['load']);
  });

  it('is loaded anew, where it is a sound, when it is to be played', () => {
    show(<SoundPlayer attachment={attachment} />);
    const [audio, button] = [root.querySelector('audio'), root.querySelector('button')];
    void act(() => button?.click());
    expect(done).toEqual(['play']);
    happen('play', audio);
    Object.defineProperty(audio, 'error', { value: { code: 2 } });
    fail(audio);
    void act(() => button?.click());
    expect(done).toEqual(['play', 'load', 'play']);
  });
});
