import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { Passwords } from '../../../src/auth/accounts/passwords.js';
import { ConnectionPool, Database } from '../../../src/database/database.js';
import { PresenceStore } from '../../../src/presence/presence-store.js';
import { type Answer, type Anything, type Person, request, startStory, type Story } from '../../support/story.js';

describe('an attacker who asks who is there', () => {
  let story: Story;
  let person: Person;
  beforeAll(async () => {
    story = await startStory({ rateLimits: false });
    person = await story.person('somebody');
  });
  afterAll(() => story.close());

  const unknown = (): string => `nobody_${randomUUID().slice(0, 8)}`;
  const attempt = (body: object): Promise<Answer<Anything>> =>
    request(story.url, 'POST', '/auth/login', { password: 'wrong horse', ...body });

  it('is answered the same for a user that is not and for a wrong password', async () => {
    const answers = await Promise.all([
      attempt({ email: person.email }),
      attempt({ email: `${unknown()}@example.com` }),
      attempt({ username: person.username }),
      attempt({ username: unknown() }),
      attempt({ username: person.email }),
      attempt({ username: "x' OR '1'='1" }),
    ]);
    const comparable = answers.map(({ status, headers, body: { requestId, ...body } }) => {
      expect(requestId).toBe(headers.get('x-request-id'));
      const names = [...headers.entries()]
        .filter(([name]) => !['date', 'etag', 'x-request-id', 'content-length'].includes(name))
        .sort();
      return { status, body, names };
    });
    const [first] = comparable;
    expect(first).toMatchObject({ status: 401, body: { code: 'INVALID_CREDENTIALS' } });
    for (const answer of comparable) expect(answer).toEqual(first);
  });

  it('learns nothing from the work that takes', async () => {
    const hashing = jest.spyOn(story.app.get(Passwords), 'verify');
    const asking = jest.spyOn(ConnectionPool.prototype, 'query');
    const beginning = jest.spyOn(ConnectionPool.prototype, 'transaction');
    const sweeping = jest
      .spyOn(story.app.get(PresenceStore), 'sweep')
      .mockResolvedValue({ changes: [], lostProcesses: 0 });
    const { background } = story.app.get(Database);
    /** What the server does by itself meanwhile has connections of its own, or says by its name whose it is. */
    const isByItself = (pool: unknown, statement: string): boolean =>
      pool === background || /^(push|search|presence|webhook|retention)_/.test(statement);
    /** One comparison with a hash, which is nearly all of the time (a decoy costs the same), and what is asked of the database. */
    const workFor = async (body: object): Promise<unknown> => {
      for (const spy of [hashing, asking, beginning]) spy.mockClear();
      expect((await attempt(body)).status).toBe(401);
      return {
        hashes: hashing.mock.calls.length,
        statements: asking.mock.calls
          .map(([text, , name]) => name ?? text)
          .filter((statement, index) => !isByItself(asking.mock.contexts[index], statement)),
        transactions: beginning.mock.contexts.filter((pool) => pool !== background).length,
      };
    };
    try {
      const known = await workFor({ email: person.email });
      expect(known).toMatchObject({ hashes: 1, statements: expect.arrayContaining([expect.any(String)]) });
      expect(await workFor({ email: `${unknown()}@example.com` })).toEqual(known);
      const named = await workFor({ username: person.username });
      expect(await workFor({ username: unknown() })).toEqual(named);
    } finally {
      for (const spy of [hashing, asking, beginning, sweeping]) spy.mockRestore();
    }
  });
});
