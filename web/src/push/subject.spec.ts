import { describe, expect, it } from '@jest/globals';
import type { PushSubject } from '@parley/client/web-push';
import { pathOfSubject } from './subject.js';

describe('where a notification leads', () => {
  it.each<[Partial<PushSubject>, string]>([
    [{ kind: 'message', conversationId: 'c1' }, '/c/c1'],
    [{ kind: 'friend_request' }, '/people'],
    [{ kind: 'message' }, '/'],
  ])('%j leads to %s', (subject, path) => {
    expect(pathOfSubject(subject as PushSubject)).toBe(path);
  });
});
