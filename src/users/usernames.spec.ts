import { describe, expect, it } from '@jest/globals';
import { derivedUsername, USERNAME_PATTERN } from './usernames.js';

const sevens = (count: number): string => '7'.repeat(count);

describe('a username from an e-mail address', () => {
  it.each([
    ['ada@example.com', 'ada'],
    ['Ada.Lovelace+parley@example.com', 'ada.lovelace'],
    ['zoë@example.com', 'zoe'],
    ["o'neill@example.com", 'oneill'],
    ['ab@example.com', 'ab7777'],
    ['李@example.com', 'user7777'],
    ['deleted@example.com', 'deleted7777'],
    [`${'x'.repeat(64)}@example.com`, 'x'.repeat(32)],
  ])('of %s is %s', (email, username) => {
    expect(derivedUsername(email, 0, sevens)).toBe(username);
  });

  it('differs at every further attempt, and always is a username', () => {
    expect(derivedUsername('ada@example.com', 1, sevens)).toBe('ada77777');
    for (const local of ['ada', 'x'.repeat(64), '李', '+']) {
      for (let attempt = 0; attempt < 20; attempt += 1) {
        expect(derivedUsername(`${local}@example.com`, attempt)).toMatch(USERNAME_PATTERN);
      }
    }
  });
});
