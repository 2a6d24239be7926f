import { applyDecorators } from '@nestjs/common';
import { Transform } from 'class-transformer';
import { registerDecorator, type ValidationOptions } from 'class-validator';
import { cleanName, showsSomething } from '../text/visible-text.js';

export interface TextBounds {
  /** Code points at least; from 1 on, one of them must be one that can be seen. */
  min?: number;
  /** Code points at most. */
  max: number;
  /** Refuses line breaks and other control characters. */
  singleLine?: boolean;
}

const LONE_SURROGATE = /\p{Surrogate}/u;
const CONTROL = /[\u0000-\u001f\u007f-\u009f\u2028\u2029]/;

/**
 * Whether a value is text that PostgreSQL can store and a person can read: no NUL, no half of a surrogate pair.
 * Returns what is wrong with it, or null.
 */
export function textFault(value: unknown, { min = 0, max, singleLine = false }: TextBounds): string | null {
  if (typeof value !== 'string') return 'must be a string';
  // A code point takes one or two UTF-16 units: the cheap bound first, so that a huge text is never counted.
  if (value.length > max * 2 || (value.length > max && codePoints(value) > max))
    return `must be at most ${max} characters`;
  if (min > 0 && value === '') return 'must not be empty';
  if (min > 0 && (value.length < min || codePoints(value) < min)) return `must be at least ${min} characters`;
  if (min > 0 && !showsSomething(value)) return 'must not be blank';
  if (value.includes('\0')) return 'must not contain NUL';
  if (LONE_SURROGATE.test(value)) return 'must be well-formed Unicode';
  if (singleLine && CONTROL.test(value)) return 'must be a single line without control characters';
  return null;
}

function codePoints(text: string): number {
  let count = 0;
  for (const _ of text) count += 1;
  return count;
}

/** Text within bounds; see `textFault`. */
export function IsText(bounds: TextBounds, options?: ValidationOptions): PropertyDecorator {
  return (target, property) => {
    registerDecorator({
      name: 'isText',
      target: target.constructor,
      propertyName: String(property),
      ...(options === undefined ? {} : { options }),
      constraints: [bounds],
      validator: {
        validate: (value: unknown) => textFault(value, bounds) === null,
        defaultMessage: (given) => `${given?.property} ${textFault(given?.value, bounds) ?? 'is not valid'}`,
      },
    });
  };
}

/** How many times as long as it may be a name is looked at: letters in parts, and what is taken out, fit into that. */
const UNCLEANED_TIMES = 8;

/**
 * A name or a title: one line of 1 to `max` characters, stored as `cleanName` leaves it. What is far longer is not
 * cleaned, so that it is refused for its length at once.
 */
export function IsName({ max }: { max: number }): PropertyDecorator {
  const cleaned = ({ value }: { value: unknown }): unknown =>
    typeof value === 'string' && value.length <= max * UNCLEANED_TIMES ? cleanName(value) : value;
  return applyDecorators(Transform(cleaned), IsText({ min: 1, max, singleLine: true }));
}
