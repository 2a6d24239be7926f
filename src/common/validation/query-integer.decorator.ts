import { Transform } from 'class-transformer';

const DIGITS = /^-?\d{1,10}$/;

/**
 * A whole number of a query string, which knows texts alone. Digits and nothing else: `Number` would take an empty text
 * for 0, `true` for 1 and `0x10` for 16. Not for bodies and events: there a number is a number.
 */
export function QueryInteger(): PropertyDecorator {
  return Transform(({ value }: { value: unknown }) =>
    typeof value === 'string' && DIGITS.test(value) ? Number(value) : value,
  );
}
