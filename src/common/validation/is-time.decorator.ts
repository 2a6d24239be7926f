import { applyDecorators } from '@nestjs/common';
import { ApiProperty } from '@nestjs/swagger';
import { Transform } from 'class-transformer';
import { registerDecorator, type ValidationOptions } from 'class-validator';
import { parseTime } from '../text/time-text.js';

/** A moment in time (`parseTime`). What is accepted reaches the service in UTC, as `Date.toISOString` writes it. */
export function IsTime(
  options: ValidationOptions & { nullable?: boolean; required?: boolean } = {},
): PropertyDecorator {
  const { nullable = false, required = true, ...validation } = options;
  return applyDecorators(
    ApiProperty({ type: String, format: 'date-time', nullable, required }),
    Transform(({ value }: { value: unknown }) => {
      const time = parseTime(value);
      return time === null ? value : new Date(time).toISOString();
    }),
    (target: object, property: string | symbol) => {
      registerDecorator({
        name: 'isTime',
        target: target.constructor,
        propertyName: String(property),
        options: validation,
        validator: {
          validate: (value: unknown) => parseTime(value) !== null,
          defaultMessage: (given) => `${given?.property} must be a time such as 2030-01-01T00:00:00Z`,
        },
      });
    },
  );
}
