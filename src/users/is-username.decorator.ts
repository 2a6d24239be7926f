import { applyDecorators } from '@nestjs/common';
import { ApiProperty } from '@nestjs/swagger';
import { Transform } from 'class-transformer';
import { Matches } from 'class-validator';
import { USERNAME_PATTERN } from './usernames.js';

/** A username, taken in any case and lower-cased. Not required. */
export function IsUsername(): PropertyDecorator {
  return applyDecorators(
    ApiProperty({ type: String, pattern: '^[A-Za-z0-9_.-]{3,32}$', required: false, example: 'ada' }),
    Transform(({ value }: { value: unknown }) => asciiLowerCase(value)),
    Matches(USERNAME_PATTERN, { message: '$property must be 3 to 32 of the characters a-z, 0-9, _ . and -' }),
  );
}

/** Letters beyond ASCII stay, also those (K, the sign of kelvin) whose lower case is in ASCII. */
function asciiLowerCase(value: unknown): unknown {
  return typeof value === 'string' ? value.replace(/[A-Z]/g, (letter) => letter.toLowerCase()) : value;
}
