import { describe, expect, it } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { ArrayUnique, IsArray, IsString, MaxLength } from 'class-validator';
import { DomainError } from '../errors.js';
import { IsId } from './is-id.decorator.js';
import { IsName } from './is-text.decorator.js';
import { validated } from './validation.js';

class Invitation {
  @IsArray()
  @ArrayUnique()
  @IsId({ each: true })
  memberIds!: string[];

  @IsString()
  @MaxLength(10)
  token!: string;
}

function errorsOf(input: object, type: new () => object = Invitation): unknown {
  try {
    return validated(type, input);
  } catch (error) {
    return error instanceof DomainError ? error.errors : error;
  }
}

describe('what is wrong with a field', () => {
  it('is its type alone where it has another one, or is missing', () => {
    const errors = { memberIds: ['memberIds must be an array'], token: ['token must be a string'] };
    expect(errorsOf({})).toEqual(errors);
    expect(errorsOf({ memberIds: 'x', token: 5 })).toEqual(errors);
  });

  it('is every rule that it breaks where its type is right', () => {
    expect(errorsOf({ memberIds: ['x', 'x'], token: 'x'.repeat(11) })).toEqual({
      memberIds: [expect.stringContaining('UUID'), expect.stringContaining('unique')],
      token: ['token must be shorter than or equal to 10 characters'],
    });
  });

  it('is listed of fifty fields at the most', () => {
    expect(Object.keys(errorsOf(fields(200)) as object)).toHaveLength(50);
  });

  it.each([
    ['fields', 'must not have more than 250 objects and fields', fields(251)],
    [
      'objects',
      'must not have more than 250 objects and fields',
      { memberIds: Array.from({ length: 251 }, () => ({})) },
    ],
    ['lists', 'must not have more than 250 objects and fields', { memberIds: Array.from({ length: 251 }, () => []) }],
    ['elements', 'must not have more than 2000 elements', { memberIds: Array.from({ length: 2_001 }, () => '') }],
    ['bytes', 'must not have more than 2000 elements', { memberIds: [], token: Buffer.alloc(2_001) }],
  ])('is that there are too many of them, where there are more %s than in any DTO', (_, fault, input) => {
    expect(errorsOf(input)).toEqual({ '': [fault] });
  });

  it('is looked for in the longest list that any DTO takes', () => {
    const memberIds = Array.from({ length: 1_000 }, () => randomUUID());
    expect(errorsOf({ memberIds, token: 'x' })).toEqual({ memberIds, token: 'x' });
  });
});

function fields(count: number): object {
  return Object.fromEntries(Array.from({ length: count }, (_, index) => [`field${index}`, index]));
}

class Named {
  @IsName({ max: 64 })
  name!: string;
}

describe('a name', () => {
  it('is cleaned where it may fit then, and refused as it came where it is far too long', () => {
    expect(validated(Named, { name: 'a\u200b'.repeat(64) }).name).toBe('a'.repeat(64));
    expect(validated(Named, { name: '\u1e69'.normalize('NFD').repeat(64) }).name).toBe('\u1e69'.repeat(64));
    const tooLong = { name: `a${'\u200b'.repeat(512)}` };
    expect(errorsOf(tooLong, Named)).toEqual({ name: ['name must be at most 64 characters'] });
  });
});
