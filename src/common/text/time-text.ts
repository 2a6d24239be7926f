/** RFC 3339, section 5.6, with its zone: year, month, day, hour, minute, second, fraction, offset. */
const TIME = /^(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(?:\.(\d{1,9}))?(?:Z|([+-])(\d\d):(\d\d))$/;
/** Any later, and its year takes more than four digits somewhere on its way through PostgreSQL and JSON. */
const MAX_TIME = Date.parse('9999-12-31T23:59:59.999Z');
const MIN_TIME = Date.parse('1000-01-01T00:00:00.000Z');

/**
 * The moment that a text names, in milliseconds since 1970; null for any other text. The one definition of a time that
 * comes from outside, for every field and every cursor: RFC 3339 with upper-case `T` and `Z`, on a day that is in the
 * calendar, in the years 1000 to 9999 (UTC), so that JavaScript and PostgreSQL read it alike. What is finer than a
 * millisecond is cut off. No leap second and no hour 24: the clocks of neither have them.
 */
export function parseTime(text: unknown): number | null {
  if (typeof text !== 'string' || text.length > 40) return null;
  const match = TIME.exec(text);
  if (match === null) return null;
  const [year, month, day, hour, minute, second] = match.slice(1, 7).map(Number) as [
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  const [, , , , , , , fraction = '', sign, offsetHours = '0', offsetMinutes = '0'] = match;
  if (hour > 23 || minute > 59 || second > 59 || Number(offsetHours) > 23 || Number(offsetMinutes) > 59) return null;
  const date = new Date(0);
  date.setUTCFullYear(year, month - 1, day);
  // A day that is not there has become one of the next month.
  if (month < 1 || date.getUTCMonth() !== month - 1 || date.getUTCDate() !== day) return null;
  date.setUTCHours(hour, minute, second, Number(fraction.slice(0, 3).padEnd(3, '0')));
  const offset = (Number(offsetHours) * 60 + Number(offsetMinutes)) * 60_000;
  const time = date.getTime() + (sign === '-' ? offset : -offset);
  return time >= MIN_TIME && time <= MAX_TIME ? time : null;
}

/** Whether a text is a time as `Date.toISOString` writes it: the form in which this server gives times out. */
export function isOwnTimeText(text: unknown): text is string {
  const time = parseTime(text);
  return time !== null && new Date(time).toISOString() === text;
}
