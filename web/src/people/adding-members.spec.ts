import { describe, expect, it } from '@jest/globals';
import { ChatError, type User } from '@parley/client';
import '../texts/more.js';
import { addingMembers } from './adding-members.js';

describe('adding members to a group', () => {
  const users = ['Ada', 'Bob', 'Cy'].map((displayName) => ({ displayName }) as User);
  const refused = (error: Error): Promise<void> =>
    addingMembers(users, async () => {
      throw error;
    });
  const limit = (errors?: Record<string, string[]>): ChatError =>
    new ChatError('LIMIT_REACHED', 'A user is in too many groups.', { errors });

  it('says by name who is in too many groups', async () => {
    const busy = ['is in too many groups'];
    await expect(refused(limit({ 'memberIds.0': busy, 'memberIds.2': busy }))).rejects.toThrow(/: Ada .* Cy\.$/);
  });

  it('says it of oneself where nobody is named', async () => {
    await expect(refused(limit())).rejects.toThrow('You are in too many groups.');
  });

  it('leaves what else goes wrong as it is, and answers what the call does', async () => {
    const full = new ChatError('GROUP_FULL', 'full');
    await expect(refused(full)).rejects.toBe(full);
    expect(await addingMembers(users, () => Promise.resolve('done'))).toBe('done');
  });
});
