import { beforeAll, describe, expect, it } from '@jest/globals';
import { newId } from '../../src/common/identifier.js';
import type { Principal } from '../../src/common/access/principal.js';
import { UsersRepository } from '../../src/users/users.repository.js';
import { EventBus } from '../../src/events/event-bus.js';
import {
  PASSWORD,
  auth,
  codeOf,
  database,
  principalOf,
  register,
  server,
  setUpAccounts,
  users,
} from '../support/accounts.js';

describe('the service of users', () => {
  setUpAccounts();

  describe('profiles', () => {
    it('change, and emit that they did', async () => {
      const changed: string[] = [];
      server.get(EventBus).subscribe('user.changed', ({ userId }) => void changed.push(userId));
      const me = principalOf(await register({ username: 'margaret' }));
      await register({ username: 'hamilton' });
      expect(await users.update(me, {})).toMatchObject({ username: 'margaret' });
      const profile = { username: 'apollo', displayName: 'Margaret Hamilton', avatarUrl: 'https://example.com/m.png' };
      expect(await users.update(me, profile)).toMatchObject(profile);
      expect(await users.update(me, { avatarUrl: null })).toMatchObject({ ...profile, avatarUrl: null });
      expect(await codeOf(users.update(me, { username: 'hamilton' }))).toBe('USERNAME_TAKEN');
      expect(changed).toEqual([me.userId, me.userId]);
    });

    it('are shown of others without their addresses, and of deleted ones as placeholders', async () => {
      const me = principalOf(await register());
      const leaver = await register({ username: 'leaver' });
      const other = leaver.user;
      expect(await users.get(principalOf(leaver), other.id)).toMatchObject({ email: other.email });
      const { email: _, ...shown } = other;
      expect(await users.get(me, other.id)).toEqual(shown);
      expect(await users.exist(other.id)).toBe(true);
      await database.query(
        'UPDATE users SET deleted_at = now(), email = NULL, email_verified_at = NULL, password_hash = NULL WHERE id = $1',
        [other.id],
      );
      expect(await codeOf(users.get(me, other.id))).toBe('NOT_FOUND');
      expect(await users.exist(other.id)).toBe(false);
      const views = await users.viewsOf([me.userId, other.id, newId()]);
      expect(views.size).toBe(2);
      expect(views.get(other.id)).toEqual({
        ...shown,
        username: 'deleted',
        displayName: 'Deleted user',
        avatarUrl: null,
        isOnline: false,
        lastSeenAt: null,
      });
      expect(await codeOf(auth.login({ username: 'leaver', password: PASSWORD }))).toBe('INVALID_CREDENTIALS');
    });
  });

  it('keep no folded name of one who was deleted while it was folded', async () => {
    const { userId } = principalOf(await register());
    await database.query(
      `UPDATE users SET folded_name = NULL, deleted_at = now(), email = NULL, email_verified_at = NULL, password_hash = NULL WHERE id = $1`,
      [userId],
    );
    await server.get(UsersRepository, { strict: false }).noteFolded([{ id: userId, foldedName: 'grace' }]);
    expect(await database.query('SELECT folded_name FROM users WHERE id = $1', [userId])).toEqual([
      { folded_name: null },
    ]);
  });

  describe('searching users', () => {
    let me: Principal;
    const found = async (search: string): Promise<string[]> =>
      (await users.search(me, { search, limit: 50 })).items.map(({ username }) => username);

    beforeAll(async () => {
      me = principalOf(await register({ username: 'searcher', displayName: 'Zed the searcher' }));
      await register({ email: 'zq-mail@example.com', username: 'zed_one', displayName: 'Élodie 100%' });
      await register({ username: 'zedxone', displayName: 'Quinn' });
      await register({ username: 'other.name', displayName: 'ZED Two' });
    });

    it('goes by how the username or the display name begins, in either case, without oneself', async () => {
      expect(await found('zed')).toEqual(['other.name', 'zed_one', 'zedxone']);
      expect(await found('ZED')).toEqual(['other.name', 'zed_one', 'zedxone']);
      expect(await found('Élodie')).toEqual(['zed_one']);
      expect(await found('two')).toEqual([]);
    });

    it('takes wildcards for what they are, and matches no address', async () => {
      expect(await found('zed_')).toEqual(['zed_one']);
      expect(await found('élodie 100%')).toEqual(['zed_one']);
      expect(await found('%')).toEqual([]);
      expect(await found('\\')).toEqual([]);
      expect(await found('zq-mail')).toEqual([]);
    });

    it('returns its results in pages', async () => {
      const seen: string[] = [];
      let cursor: string | null | undefined;
      do {
        const page = await users.search(me, { search: 'zed', limit: 1, ...(cursor ? { cursor } : {}) });
        expect(page.items).toHaveLength(1);
        seen.push(...page.items.map(({ username }) => username));
        cursor = page.nextCursor;
      } while (cursor !== null);
      expect(seen).toEqual(['other.name', 'zed_one', 'zedxone']);
    });

    it('finds nobody across a block, and shows whom one blocked oneself', async () => {
      const them = principalOf(await register({ username: 'yonder' }));
      const block = (blocker: Principal, blocked: Principal): Promise<unknown> =>
        database.query('INSERT INTO blocks (blocker_id, blocked_id) VALUES ($1, $2)', [blocker.userId, blocked.userId]);
      expect(await found('yonder')).toEqual(['yonder']);
      await block(me, them);
      expect(await found('yonder')).toEqual([]);
      expect(await codeOf(users.get(me, them.userId))).toBe('OK');
      expect(await codeOf(users.get(them, me.userId))).toBe('NOT_FOUND');
      expect((await users.search(them, { search: 'searcher', limit: 50 })).items).toEqual([]);
    });
  });
});
