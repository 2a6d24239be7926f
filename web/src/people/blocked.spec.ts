import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { replaceGlobals } from '../../../test/support/replaced-globals.js';

describe('whom one has blocked', () => {
  let effects: (() => (() => void) | undefined)[];
  let visible: (() => void) | undefined;
  let blocks: string[];
  let held: Promise<void>;
  let isShown: () => boolean;
  const visibility = { state: 'visible' };
  const client = {
    userId: 'u1',
    friends: {
      blocks: async () => {
        const items = blocks.map((id) => ({ user: { id } }));
        await held;
        return { items, nextCursor: null };
      },
      unblock: async () => undefined,
    },
  };
  const settle = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 0));

  let restore: () => void;

  beforeEach(() => {
    jest.resetModules();
    [effects, visible, blocks, held, visibility.state] = [[], undefined, [], Promise.resolve(), 'visible'];
    jest.unstable_mockModule('../session/client.js', () => ({ client }));
    jest.unstable_mockModule('../react.js', () => ({
      useEffect: (effect: () => (() => void) | undefined) => effects.push(effect),
      useSyncExternalStore: (subscribe: (listener: () => void) => () => void, snapshot: () => boolean) => {
        subscribe(() => undefined);
        isShown = snapshot;
        return snapshot();
      },
    }));
    const document = {
      get visibilityState() {
        return visibility.state;
      },
      addEventListener: (_: string, listener: () => void) => (visible = listener),
      removeEventListener: () => (visible = undefined),
    };
    restore = replaceGlobals({ document });
  });

  afterEach(() => restore());

  async function open(): Promise<typeof import('./blocked.js')> {
    const module = await import('./blocked.js');
    module.useIsBlocked({ id: 'u2' } as never);
    effects.at(-1)?.();
    await settle();
    return module;
  }

  it('is asked for whenever a conversation is opened: another device may have changed it', async () => {
    await open();
    expect(isShown()).toBe(false);
    blocks = ['u2'];
    await open();
    expect(isShown()).toBe(true);
    blocks = [];
    await open();
    expect(isShown()).toBe(false);
  });

  it('is asked for when the page is looked at again: another tab may have changed it', async () => {
    await open();
    blocks = ['u2'];
    visibility.state = 'hidden';
    visible?.();
    await settle();
    expect(isShown()).toBe(false);
    visibility.state = 'visible';
    visible?.();
    await settle();
    expect(isShown()).toBe(true);
  });

  it('is not taken back by an answer that is older than what was done here', async () => {
    blocks = ['u2'];
    await open();
    let release: (() => void) | undefined;
    held = new Promise((resolve) => (release = resolve));
    const { unblock } = await open();
    await unblock('u2');
    release?.();
    await settle();
    expect(isShown()).toBe(false);
  });
});

describe('writing to somebody', () => {
  const went: string[] = [];
  const listed: object[] = [];
  let stays: boolean;
  const conversations = {
    items: listed,
    openDirect: async (userId: string) => {
      went.push(`asked for ${userId}`);
      return { id: 'made' };
    },
  };

  beforeEach(() => {
    jest.resetModules();
    for (const list of [went, listed]) list.length = 0;
    jest.unstable_mockModule('../session/client.js', () => ({ client: { userId: 'me', conversations } }));
    stays = true;
    jest.unstable_mockModule('../app/router.js', () => ({
      openConversation: (id: string) => went.push(id),
      staying: () => () => stays,
    }));
  });

  const membersOf = (...ids: string[]): object => ({ members: ids.map((id) => ({ user: { id } })) });

  it('asks the server only where no conversation with them is listed, so that it works without a network', async () => {
    const { writeTo } = await import('./write-to.js');
    listed.push({ id: 'group', type: 'GROUP', ...membersOf('me', 'ada') });
    await writeTo('ada');
    listed.push({ id: 'with ada', type: 'DIRECT', ...membersOf('me', 'ada') });
    await writeTo('ada', () => went.push('closed'));
    expect(went).toEqual(['asked for ada', 'made', 'closed', 'with ada']);
  });

  it('moves nobody who went elsewhere before the server answered', async () => {
    const { writeTo } = await import('./write-to.js');
    stays = false;
    await writeTo('ada', () => went.push('closed'));
    expect(went).toEqual(['asked for ada']);
  });
});
