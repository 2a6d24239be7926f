import { applyDecorators } from '@nestjs/common';
import { ApiProperty } from '@nestjs/swagger';
import { Transform } from 'class-transformer';
import { Matches, type ValidationOptions } from 'class-validator';
import { UUID_PATTERN } from '../identifier.js';

/** An id of this server, or any other UUID; taken in either case and lower-cased. With `{ each: true }` a list of them. */
export function IsId(options: ValidationOptions & { nullable?: boolean; required?: boolean } = {}): PropertyDecorator {
  const { nullable = false, required = true, ...validation } = options;
  return applyDecorators(
    ApiProperty({ type: String, format: 'uuid', isArray: validation.each === true, nullable, required }),
    Transform(({ value }: { value: unknown }) => (Array.isArray(value) ? value.map(lowerCase) : lowerCase(value))),
    Matches(UUID_PATTERN, { message: '$property must be a UUID', ...validation }),
  );
}

function lowerCase(value: unknown): unknown {
  return typeof value === 'string' ? value.toLowerCase() : value;
}
