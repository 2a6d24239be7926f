import { applyDecorators } from '@nestjs/common';
import { ApiProperty } from '@nestjs/swagger';
import { IsInt, IsString, Max, MaxLength, Min } from 'class-validator';
import { invalidField } from './errors.js';
import { UUID_PATTERN } from './identifier.js';
import { isOwnTimeText } from './text/time-text.js';
import { QueryInteger } from './validation/query-integer.decorator.js';
import { OptionalField } from './validation/optional-field.decorator.js';

export const DEFAULT_PAGE_SIZE = 50;
export const MAX_PAGE_SIZE = 100;

/** How many entries a page has at the most. For lists whose query inherits something else; all others inherit `PageQuery`. */
export const PageLimit = (): PropertyDecorator =>
  applyDecorators(
    ApiProperty({ type: 'integer', minimum: 1, maximum: MAX_PAGE_SIZE, default: DEFAULT_PAGE_SIZE, required: false }),
    OptionalField(DEFAULT_PAGE_SIZE),
    QueryInteger(),
    IsInt(),
    Min(1),
    Max(MAX_PAGE_SIZE),
  );

export const PageCursor = (): PropertyDecorator =>
  applyDecorators(
    ApiProperty({
      type: String,
      required: false,
      maxLength: 512,
      description: '`nextCursor` of the page before. Opaque.',
    }),
    OptionalField(),
    IsString(),
    MaxLength(512),
  );

/** What every list takes (contract, section 1). */
export class PageQuery {
  @PageLimit()
  limit: number = DEFAULT_PAGE_SIZE;

  @PageCursor()
  cursor?: string;
}

/** One page of a list. `nextCursor` is null on the last page. */
export interface Page<T> {
  items: T[];
  nextCursor: string | null;
}

/** An opaque cursor over the sort key of a page's last row. It is no secret and no capability: every query checks access itself. */
export function encodeCursor(key: readonly (string | number | null)[]): string {
  return Buffer.from(JSON.stringify(key)).toString('base64url');
}

/**
 * The sort key within a cursor; null without a cursor.
 * @param shape one checker per part; a part that fails it makes the whole cursor invalid.
 * @throws DomainError VALIDATION_FAILED where the cursor is not one of ours.
 */
export function decodeCursor<T extends readonly unknown[]>(
  cursor: string | undefined,
  shape: { [K in keyof T]: (part: unknown) => part is T[K] },
): T | null {
  if (cursor === undefined) return null;
  let key: unknown;
  try {
    key = JSON.parse(Buffer.from(cursor, 'base64url').toString());
  } catch {
    key = undefined;
  }
  const checks = shape as readonly ((part: unknown) => boolean)[];
  if (!Array.isArray(key) || key.length !== checks.length || !checks.every((check, index) => check(key[index]))) {
    throw invalidField('cursor', 'cursor is not valid');
  }
  return key as unknown as T;
}

/** Where the first page of a list begins that has the newest ids first: behind all of them. */
export const LAST_ID = 'ffffffff-ffff-ffff-ffff-ffffffffffff';

export const isUuidText = (part: unknown): part is string => typeof part === 'string' && UUID_PATTERN.test(part);
/** A time as this server writes it into cursors. */
export const isTimeText = isOwnTimeText;
export const isShortText = (part: unknown): part is string =>
  typeof part === 'string' && part.length <= 256 && !part.includes('\0');

/** Cuts the one row too many that a query asked for to know whether there is another page. */
export function pageOf<Row, Item>(
  rows: readonly Row[],
  limit: number,
  keyOf: (row: Row) => readonly (string | number | null)[],
  view: (row: Row) => Item,
): Page<Item> {
  const shown = rows.slice(0, limit);
  const last = shown.at(-1);
  return {
    items: shown.map(view),
    nextCursor: rows.length > limit && last !== undefined ? encodeCursor(keyOf(last)) : null,
  };
}
