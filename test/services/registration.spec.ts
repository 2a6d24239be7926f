import { describe, expect, it } from '@jest/globals';
import { accessTokens, codeOf, register, setUpAccounts, users } from '../support/accounts.js';

describe('registering', () => {
  setUpAccounts();

  it('logs in, and answers with the account', async () => {
    const { user, accessToken, refreshToken, expiresIn } = await register({ email: 'grace.hopper@example.com' });
    expect(user).toEqual({
      id: expect.any(String),
      email: 'grace.hopper@example.com',
      username: 'grace.hopper',
      displayName: 'grace.hopper',
      avatarUrl: null,
      createdAt: expect.stringMatching(/^\d{4}-.*Z$/),
    });
    expect(expiresIn).toBe(900);
    expect(refreshToken).toMatch(/^[\w-]{43}$/);
    const { principal, expiresAt } = accessTokens.verify(accessToken);
    expect(principal.userId).toBe(user.id);
    expect(expiresAt).toBeGreaterThan(Date.now() + 800_000);
    expect(await users.requireOwn(principal)).toEqual(user);
  });

  it('lets one of two win that come at once with one address', async () => {
    for (const username of [undefined, 'twin']) {
      const email = `twin-${username ?? 'derived'}@example.com`;
      const codes = await Promise.all(
        [1, 2, 3, 4].map(() => codeOf(register(username ? { email, username } : { email }))),
      );
      expect(codes.sort()).toEqual(['EMAIL_TAKEN', 'EMAIL_TAKEN', 'EMAIL_TAKEN', 'OK']);
    }
  });

  it('refuses a username that is taken or reserved, and derives another where none was chosen', async () => {
    await register({ username: 'linus' });
    expect(await codeOf(register({ username: 'linus' }))).toBe('USERNAME_TAKEN');
    expect(await codeOf(register({ username: 'deleted' }))).toBe('USERNAME_TAKEN');
    const derived = await Promise.all([1, 2, 3, 4, 5].map((n) => register({ email: `linus@${n}.example.com` })));
    expect(new Set(derived.map(({ user }) => user.username)).size).toBe(5);
    for (const { user } of derived) expect(user.username).toMatch(/^linus\d{5,}$/);
  });
});
