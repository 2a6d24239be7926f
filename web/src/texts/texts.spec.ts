import { describe, expect, it, jest } from '@jest/globals';
import { addTexts, agoOf, briefTimeOf, dayOf, durationOf, has, listOf, sizeOf, t, timeOf } from './texts.js';

const DAY_MS = 24 * 3_600_000;
const ago = (milliseconds: number): string => new Date(Date.now() - milliseconds).toISOString();

describe('a text', () => {
  it.each([
    [0, '0 members'],
    [1, '1 member'],
    [2, '2 members'],
    [21, '21 members'],
  ])('has the singular for one alone, and the plural for %s', (count, text) => {
    expect(t('chat.members', { count })).toBe(text);
  });

  it('has the values that are given, whatever stands in them, and shows which one is missing', () => {
    expect(t('list.unread', { count: '{count}' })).toBe('{count} unread');
    expect(t('list.unread')).toBe('{count} unread');
    expect(t('list.unread', { other: 1 })).toBe('{count} unread');
  });

  it('that is not there is shown by its name, until it comes; what is there stays', () => {
    expect(has('admin.title')).toBe(false);
    expect(t('admin.title')).toBe('admin.title');
    addTexts({ 'admin.title': 'Moderation', 'list.unread': 'changed' });
    expect(t('admin.title')).toBe('Moderation');
    expect(t('list.unread', { count: 3 })).toBe('3 unread');
  });
});

describe('sizes, lengths and lists', () => {
  it.each([
    [0, /^1\s?kB$/],
    [1, /^1\s?kB$/],
    [999, /^1\s?kB$/],
    [1_499, /^1\s?kB$/],
    [20_400, /^20\s?kB$/],
    [1_000_000, /^1\s?MB$/],
    [1_250_000, /^1.3\s?MB$/],
    [2_000_000_000, /^2\s?GB$/],
    [5_000_000_000_000, /^5.?000\s?GB$/],
  ])('a file of %s bytes is never shown as none, and in the unit that suits it', (bytes, text) => {
    expect(sizeOf(bytes)).toMatch(text);
  });

  it.each([
    [-5, '0:00'],
    [0, '0:00'],
    [499, '0:00'],
    [500, '0:01'],
    [59_499, '0:59'],
    [59_500, '1:00'],
    [61_000, '1:01'],
    [3_600_000, '60:00'],
  ])('%s milliseconds last %s', (milliseconds, text) => {
    expect(durationOf(milliseconds)).toBe(text);
  });

  it('names are joined as a sentence has them', () => {
    expect(listOf([])).toBe('');
    expect(listOf(['Ada'])).toBe('Ada');
    expect(listOf(['Ada', 'Bob', 'Cy'])).toMatch(/^Ada, Bob,? \S+ Cy$/);
  });
});

describe('a moment', () => {
  it('is at the time of the zone that the device is in now', () => {
    const { DateTimeFormat } = Intl;
    const travel = (timeZone: string, offset: number): void => {
      jest.spyOn(Date.prototype, 'getTimezoneOffset').mockReturnValue(offset);
      jest
        .spyOn(Intl, 'DateTimeFormat')
        .mockImplementation(
          ((language: undefined, options: object) =>
            new DateTimeFormat(language, { ...options, timeZone })) as typeof DateTimeFormat,
        );
    };
    const written = (timeZone: string): string =>
      new DateTimeFormat(undefined, { hour: 'numeric', minute: '2-digit', timeZone }).format(new Date(NOON));
    const NOON = '2026-01-15T12:00:00.000Z';
    for (const [zone, offset] of [
      ['Asia/Tokyo', -540],
      ['America/New_York', 300],
    ] as const) {
      travel(zone, offset);
      expect(timeOf(NOON)).toBe(written(zone));
    }
    jest.restoreAllMocks();
  });

  it('is headed by a day near it, by its date further away, and by its year in another one', () => {
    const [today, yesterday] = [dayOf(ago(0)), dayOf(ago(DAY_MS))];
    for (const heading of [today, yesterday]) expect(heading.charAt(0)).toBe(heading.charAt(0).toLocaleUpperCase());
    expect(yesterday).not.toBe(today);
    expect(dayOf(ago(3 * DAY_MS))).not.toMatch(/\d/);
    expect(dayOf('2001-05-07T12:00:00.000Z')).toMatch(/2001/);
    // A clock that is ahead of this one.
    expect(dayOf(ago(-3 * DAY_MS))).toMatch(/\d/);
  });

  it('is as short in a list as its distance allows', () => {
    expect(briefTimeOf(ago(0))).toMatch(/\d\D\d\d/);
    expect(briefTimeOf(ago(-DAY_MS))).toMatch(/\d\D\d\d/);
    expect(briefTimeOf('2001-05-07T12:00:00.000Z')).toMatch(/7/);
  });

  it('lies minutes, hours or days back, and never ahead', () => {
    expect(agoOf(ago(-60_000))).toBe(agoOf(ago(0)));
    expect(agoOf(ago(5 * 60_000))).toMatch(/5/);
    expect(agoOf(ago(3 * 3_600_000))).toMatch(/3/);
  });
});
