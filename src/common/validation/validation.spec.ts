import { describe, expect, it } from '@jest/globals';
import { ArrayUnique, IsArray, IsString, MaxLength } from 'class-validator';
import { DomainError } from '../errors.js';
import { IsId } from './is-id.decorator.js';
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

function errorsOf(input: object): unknown {
  try {
    return validated(Invitation, input);
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
});
