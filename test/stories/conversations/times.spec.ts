import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { type Person, startStory, type Story } from '../../support/story.js';

describe('times that clients send', () => {
  let story: Story;
  let ada: Person;
  let path: string;
  beforeAll(async () => {
    story = await startStory({ rateLimits: false });
    ada = await story.person('ada');
    path = `/conversations/${await ada.directConversation(await story.person('bob'))}/me`;
  });
  afterAll(() => story.close());

  it.each([
    ['2030-02-28T23:30:00-01:00', '2030-03-01T00:30:00.000Z'],
    ['2030-01-01T00:00:00.123456789Z', '2030-01-01T00:00:00.123Z'],
    // What clients send that mean for ever.
    ['9999-12-31T23:59:59.999999Z', '9999-12-31T23:59:59.999Z'],
  ])('%s is kept, and answered as %s', async (mutedUntil, shown) => {
    expect((await ada.must('PATCH', path, { mutedUntil })).me.mutedUntil).toBe(shown);
  });

  it('null unmutes', async () => {
    await ada.must('PATCH', path, { mutedUntil: '2030-01-01T00:00:00Z' });
    expect((await ada.must('PATCH', path, { mutedUntil: null })).me.mutedUntil).toBeNull();
  });

  it.each([
    '2026-02-30',
    '2026-02-30T00:00:00Z',
    '2027-02-29T00:00:00Z',
    '2016-12-31T23:59:60Z',
    '2030-01-01T24:00:00Z',
    '2030-01-01T00:00:00+99:99',
    '0000-01-01T00:00:00Z',
    '9999-12-31T23:59:59-12:00',
    'infinity',
    '-infinity',
    'epoch',
    'tomorrow',
    '',
    0,
    1e300,
    [],
    {},
    true,
  ])('%j is refused', async (mutedUntil) => {
    const { status, body } = await ada.call('PATCH', path, { mutedUntil });
    expect([status, body.code, body.errors?.mutedUntil]).toEqual([400, 'VALIDATION_FAILED', [expect.any(String)]]);
  });

  it('are kept or refused, whatever stands in them, and no list fails by its cursor', async () => {
    const part = (length: number): fc.Arbitrary<string> =>
      fc.integer({ min: 0, max: 10 ** length - 1 }).map((value) => String(value).padStart(length, '0'));
    const text = fc.oneof(
      fc
        .tuple(
          part(4),
          part(2),
          part(2),
          part(2),
          part(2),
          part(2),
          part(3),
          fc.constantFrom('Z', '+14:00', '-15:59', '+23:59', ''),
        )
        .map(([y, mo, d, h, mi, s, ms, zone]) => `${y}-${mo}-${d}T${h}:${mi}:${s}.${ms}${zone}`),
      fc
        .tuple(part(4), fc.integer({ min: 1, max: 12 }), fc.integer({ min: 28, max: 31 }))
        .map(([y, mo, d]) => `${y}-${String(mo).padStart(2, '0')}-${d}T00:00:00.000Z`),
      fc.string({ maxLength: 40 }),
    );
    const cursor = (key: unknown[]): string => Buffer.from(JSON.stringify(key)).toString('base64url');
    await fc.assert(
      fc.asyncProperty(text, async (time) => {
        const { status } = await ada.call('PATCH', path, { mutedUntil: time });
        expect([time, [200, 400].includes(status)]).toEqual([time, true]);
        const lists = ['/friends', '/blocks', '/conversations', '/auth/sessions'];
        const statuses = await Promise.all(
          lists.map(async (list) => (await ada.call('GET', `${list}?cursor=${cursor([time, ada.id])}`)).status),
        );
        expect([time, statuses.filter((answered) => ![200, 400].includes(answered))]).toEqual([time, []]);
      }),
      { seed: 26, numRuns: 80 },
    );
  });
});
