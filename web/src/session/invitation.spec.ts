import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { replaceGlobals } from '../../../test/support/replaced-globals.js';

describe('an invitation', () => {
  const went: unknown[] = [];
  const opened: string[] = [];
  const found: object[] = [];
  const client = {
    userId: undefined as string | undefined,
    users: { search: async () => ({ items: found }) },
    conversations: { openDirect: async (userId: string) => ({ id: `with ${userId}` }) },
  };

  let stays: boolean;
  let restore: () => void;

  beforeEach(() => {
    jest.resetModules();
    stays = true;
    for (const list of [went, opened, found]) list.length = 0;
    const sessionStorage = { getItem: () => null, setItem: () => undefined, removeItem: () => undefined };
    const location = { search: '?with=ada', pathname: '/' };
    const history = { state: null, replaceState: () => undefined };
    restore = replaceGlobals({ sessionStorage, location, history });
    jest.unstable_mockModule('./client.js', () => ({ client }));
    jest.unstable_mockModule('../app/router.js', () => ({
      go: (place: unknown) => went.push(place),
      openConversation: (id: string) => opened.push(id),
      staying: () => () => stays,
    }));
  });

  afterEach(() => restore());

  const toSearch = [[{ name: 'people', words: 'ada' }], []];
  it.each([
    ['opens a conversation where a form of this window was filled in', true, ['ada'], [[], ['with u1']]],
    ['leads to the search where its user has logged in in another window', false, ['ada'], toSearch],
    ['leads to the search where nobody is called so', true, ['adam'], toSearch],
  ])('%s', async (_, isHere, usernames, expected) => {
    found.push(...usernames.map((username) => ({ id: 'u1', username })));
    const { acceptInvitation, followInvitation, takeInvitation } = await import('./invitation.js');
    takeInvitation();
    if (isHere) acceptInvitation();
    await followInvitation();
    expect([went, opened]).toEqual(expected);
  });

  it.each([
    ['a conversation', ['ada']],
    ['the search', ['adam']],
  ])('leads nobody to %s who went elsewhere meanwhile', async (_, usernames) => {
    found.push(...usernames.map((username) => ({ id: 'u1', username })));
    const { acceptInvitation, followInvitation, takeInvitation } = await import('./invitation.js');
    takeInvitation();
    acceptInvitation();
    stays = false;
    await followInvitation();
    expect([went, opened]).toEqual([[], []]);
  });
});
