import { applyDecorators } from '@nestjs/common';
import { ApiProperty } from '@nestjs/swagger';
import { Transform } from 'class-transformer';
import { Matches } from 'class-validator';
import { USERNAME_PATTERN } from './usernames.js';

/** A username, taken in any case and lower-cased. Not required. */
export function IsUsername(): PropertyDecorator {
  return applyDecorators(
    ApiProperty({ type: String, pattern: USERNAME_PATTERN.source, required: false, example: 'ada' }),
    Transform(({ value }: { value: unknown }) => (typeof value === 'string' ? value.toLowerCase() : value)),
    Matches(USERNAME_PATTERN, { message: '$property must be 3 to 32 of the characters a-z, 0-9, _ . and -' }),
  );
}
