import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { randomUUID } from 'node:crypto';
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

  it('learns nothing from the time that takes', async () => {
    const times: Record<'known' | 'unknown', number[]> = { known: [], unknown: [] };
    const timed = async (kind: 'known' | 'unknown', body: object): Promise<void> => {
      const start = performance.now();
      await attempt(body);
      times[kind].push(performance.now() - start);
    };
    await timed('known', { email: person.email });
    await timed('unknown', { email: `${unknown()}@example.com` });
    times.known.length = times.unknown.length = 0;
    for (let round = 0; round < 15; round += 1) {
      await timed('known', { email: person.email });
      await timed('unknown', { email: `${unknown()}@example.com` });
    }
    const median = (values: number[]): number => values.sort((left, right) => left - right)[7] ?? Number.NaN;
    const ratio = median(times.known) / median(times.unknown);
    expect(ratio).toBeGreaterThan(0.5);
    expect(ratio).toBeLessThan(2);
  });
});
