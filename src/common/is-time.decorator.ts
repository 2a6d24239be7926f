import { registerDecorator, type ValidationOptions } from 'class-validator';

/** RFC 3339 with its zone; looser forms of ISO 8601 (weeks, years of five digits) PostgreSQL reads otherwise, or not. */
const TIME = /^[12]\d{3}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?(Z|[+-]\d\d:\d\d)$/;

/** A moment in time, as `Date.toISOString` writes it or with another offset. */
export function IsTime(options?: ValidationOptions): PropertyDecorator {
  return (target, property) => {
    registerDecorator({
      name: 'isTime',
      target: target.constructor,
      propertyName: String(property),
      ...(options === undefined ? {} : { options }),
      validator: {
        validate: (value: unknown) => typeof value === 'string' && TIME.test(value) && !Number.isNaN(Date.parse(value)),
        defaultMessage: (given) => `${given?.property} must be a time such as 2030-01-01T00:00:00Z`,
      },
    });
  };
}
