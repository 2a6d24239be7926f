import { describe, expect, it } from '@jest/globals';
import { eventView, listed, shownSentence, systemSentence } from './system-event.js';
import type { SystemEventView } from '../../views/system-event.view.js';

const names = new Map([
  ['a', 'Ada'],
  ['b', 'Bob'],
  ['c', 'Cy'],
  ['d', 'Dan'],
]);

describe('the sentence of an event', () => {
  const sentences: [SystemEventView, string][] = [
    [{ type: 'GROUP_CREATED', actorId: 'a', userIds: ['b'], title: 'Chess "club"' }, 'Ada created "Chess "club""'],
    [{ type: 'GROUP_CREATED', actorId: 'a', userIds: ['b'] }, 'Ada created the group'],
    [{ type: 'MEMBERS_ADDED', actorId: 'a', userIds: ['b', 'c'] }, 'Ada added Bob, Cy'],
    [{ type: 'MEMBERS_ADDED', actorId: 'a', userIds: ['b', 'c', 'd', 'a'] }, 'Ada added Bob, Cy, Dan and 1 more'],
    [
      { type: 'MEMBERS_ADDED', actorId: 'a', userIds: ['b', 'c', 'd'], userCount: 200 },
      'Ada added Bob, Cy, Dan and 197 more',
    ],
    [{ type: 'MEMBER_REMOVED', actorId: 'a', userIds: ['b'] }, 'Ada removed Bob'],
    [{ type: 'MEMBER_LEFT', actorId: 'a', userIds: ['a'] }, 'Ada left'],
    [{ type: 'ROLE_CHANGED', actorId: 'a', userIds: ['b'], role: 'ADMIN' }, 'Ada made Bob admin'],
    [{ type: 'ROLE_CHANGED', actorId: 'a', userIds: ['b'] }, 'Ada changed the role of Bob'],
    [{ type: 'GROUP_CHANGED', actorId: 'a', userIds: [], title: 'Go' }, 'Ada named the group "Go"'],
    [{ type: 'GROUP_CHANGED', actorId: 'a', userIds: [] }, 'Ada changed the group'],
    [{ type: 'MEMBER_REMOVED', actorId: 'x', userIds: ['y'] }, 'somebody removed somebody'],
  ];
  it.each(sentences)('of %j is %s', (event, sentence) => expect(systemSentence(event, names)).toBe(sentence));

  it('is made with the names that were read with the event, which are no part of it', () => {
    const shown = { type: 'MEMBER_LEFT' as const, actorId: 'a', userIds: ['a'], names: { a: 'Ada Lovelace' } };
    expect(shownSentence(shown)).toBe('Ada Lovelace left');
    expect(eventView(shown)).toEqual({ type: 'MEMBER_LEFT', actorId: 'a', userIds: ['a'] });
    expect(shownSentence({ ...shown, names: null })).toBe('somebody left');
  });

  it('lists a hundred users, and says how many there are where they are more', () => {
    const ids = Array.from({ length: 101 }, (_, index) => `${index}`);
    expect(listed(ids.slice(0, 100))).toEqual({ userIds: ids.slice(0, 100) });
    expect(listed(ids)).toEqual({ userIds: ids.slice(0, 100), userCount: 101 });
  });
});
