import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { isOwnTimeText, parseTime } from './time-text.js';

const canonical = (text: string): string | null => {
  const time = parseTime(text);
  return time === null ? null : new Date(time).toISOString();
};

describe('a time from outside', () => {
  it.each([
    ['2030-01-01T00:00:00Z', '2030-01-01T00:00:00.000Z'],
    ['2030-01-01T00:00:00.5Z', '2030-01-01T00:00:00.500Z'],
    ['2030-01-01T00:00:00.123456789Z', '2030-01-01T00:00:00.123Z'],
    ['2030-01-01T00:00:00.999999Z', '2030-01-01T00:00:00.999Z'],
    ['2030-01-01T00:30:00+01:00', '2029-12-31T23:30:00.000Z'],
    ['2030-01-01T00:30:00-05:45', '2030-01-01T06:15:00.000Z'],
    ['2030-01-01T00:00:00-00:00', '2030-01-01T00:00:00.000Z'],
    ['2030-01-01T00:00:00+23:59', '2029-12-31T00:01:00.000Z'],
    ['2028-02-29T12:00:00Z', '2028-02-29T12:00:00.000Z'],
    ['2000-02-29T12:00:00Z', '2000-02-29T12:00:00.000Z'],
    ['1000-01-01T00:00:00Z', '1000-01-01T00:00:00.000Z'],
    ['9999-12-31T23:59:59.999999Z', '9999-12-31T23:59:59.999Z'],
  ])('%s is %s', (text, expected) => {
    expect(canonical(text)).toBe(expected);
  });

  it.each([
    '2026-02-30T00:00:00Z',
    '2026-02-29T00:00:00Z',
    '1900-02-29T00:00:00Z',
    '2026-04-31T00:00:00Z',
    '2026-13-01T00:00:00Z',
    '2026-00-01T00:00:00Z',
    '2026-01-00T00:00:00Z',
    '2026-01-01T24:00:00Z',
    '2026-01-01T23:60:00Z',
    '2016-12-31T23:59:60Z',
    '2026-01-01T00:00:00+24:00',
    '2026-01-01T00:00:00+01:60',
    '9999-12-31T23:59:59-01:00',
    '1000-01-01T00:00:00+01:00',
    '0000-01-01T00:00:00Z',
    '0999-12-31T23:59:59Z',
    '+010000-01-01T00:00:00Z',
    '-000001-01-01T00:00:00Z',
    '2026-02-30',
    '2026-01-01',
    '2026-01-01T00:00Z',
    '2026-01-01T00:00:00',
    '2026-01-01 00:00:00Z',
    '2026-01-01t00:00:00z',
    '2026-W01-1T00:00:00Z',
    '2026-001T00:00:00Z',
    '2026-01-01T00:00:00.Z',
    '2026-01-01T00:00:00.1234567890Z',
    '2026-01-01T00:00:00,5Z',
    '2026-01-01T00:00:00+0100',
    '2026-01-01T00:00:00 Z',
    '2026-01-01T00:00:00Z\n',
    ' 2026-01-01T00:00:00Z',
    '２０２６-01-01T00:00:00Z',
    'infinity',
    'now',
    'epoch',
    '',
  ])('%j is none', (text) => {
    expect(parseTime(text)).toBeNull();
  });

  it.each([[null], [undefined], [0], [1e12], [[]], [{}], [new Date()], [true]])('%p is none', (value) => {
    expect(parseTime(value)).toBeNull();
  });

  it('is read as JavaScript reads it, whatever its digits, or not at all', () => {
    const digits = (length: number): fc.Arbitrary<string> =>
      fc.integer({ min: 0, max: 10 ** length - 1 }).map((value) => String(value).padStart(length, '0'));
    const text = fc
      .tuple(digits(4), digits(2), digits(2), digits(2), digits(2), digits(2), fc.constantFrom('Z', '+05:30', '-12:00'))
      .map(
        ([year, month, day, hour, minute, second, zone]) =>
          `${year}-${month}-${day}T${hour}:${minute}:${second}${zone}`,
      );
    fc.assert(
      fc.property(text, (written) => {
        const time = parseTime(written);
        if (time !== null) expect(time).toBe(Date.parse(written));
      }),
      { seed: 1, numRuns: 20_000 },
    );
  });

  it('that this server wrote is read back as it was', () => {
    fc.assert(
      fc.property(
        fc.date({
          min: new Date('1000-01-01T00:00:00Z'),
          max: new Date('9999-12-31T23:59:59.999Z'),
          noInvalidDate: true,
        }),
        (date) => {
          expect(parseTime(date.toISOString())).toBe(date.getTime());
          expect(isOwnTimeText(date.toISOString())).toBe(true);
        },
      ),
      { seed: 1, numRuns: 2_000 },
    );
    expect(isOwnTimeText('2030-01-01T00:00:00Z')).toBe(false);
    expect(isOwnTimeText('2026-02-30T00:00:00.000Z')).toBe(false);
  });
});
