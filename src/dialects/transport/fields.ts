import { DomainError, invalidField } from '../../common/errors.js';
import { UUID_PATTERN } from '../../common/identifier.js';

/** The fields of what a client sent, none of which is believed yet. */
export type Fields = Readonly<Record<string, unknown>>;

/** @throws DomainError MALFORMED_FRAME unless it is an object. */
export function fieldsOf(input: unknown): Fields {
  if (typeof input !== 'object' || input === null || Array.isArray(input)) throw new DomainError('MALFORMED_FRAME');
  return input as Fields;
}

/** A frame's text as an object. @throws DomainError MALFORMED_FRAME */
export function parsedFrame(text: string): Fields {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    throw new DomainError('MALFORMED_FRAME');
  }
  return fieldsOf(parsed);
}

/** An id. @throws DomainError VALIDATION_FAILED */
export function idField(fields: Fields, name: string): string {
  const value = fields[name];
  if (typeof value !== 'string' || !UUID_PATTERN.test(value)) throw invalidField(name, `${name} must be an id`);
  return value.toLowerCase();
}

export function optionalIdField(fields: Fields, name: string): string | undefined {
  return fields[name] === undefined || fields[name] === null ? undefined : idField(fields, name);
}

/** A whole number, also as text, as queries have it. @throws DomainError VALIDATION_FAILED */
export function countField(fields: Fields, name: string, fallback: number, least: number, most: number): number {
  const value = fields[name];
  if (value === undefined || value === null || value === '') return fallback;
  const count = typeof value === 'string' && /^\d{1,9}$/.test(value) ? Number(value) : value;
  if (typeof count !== 'number' || !Number.isSafeInteger(count) || count < least)
    throw invalidField(name, `${name} must be a whole number of at least ${least}`);
  return Math.min(count, most);
}

export function flagField(fields: Fields, name: string, fallback: boolean): boolean {
  const value = fields[name] ?? fallback;
  if (typeof value !== 'boolean') throw invalidField(name, `${name} must be true or false`);
  return value;
}

/** No dialect lets a client speak as somebody else (contract, section 10). @throws DomainError FORBIDDEN */
export function requireOwnId(value: unknown, ownId: string): void {
  if (typeof value !== 'string' || value.toLowerCase() !== ownId)
    throw new DomainError('FORBIDDEN', { message: 'That is not who you are logged in as.' });
}

/** The same of a message's sender, which may be left out. @throws DomainError FORBIDDEN */
export function requireOwnSender({ senderId }: Fields, ownId: string): void {
  if (senderId !== undefined && senderId !== null) requireOwnId(senderId, ownId);
}
