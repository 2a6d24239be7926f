import { applyDecorators } from '@nestjs/common';
import { Transform } from 'class-transformer';
import { IsOptional } from 'class-validator';

/**
 * A field that may be left out. Null is the same as leaving it out (many clients write all their fields): no service is
 * ever given one. Where null means something, the field says `IsOptional` and `| null`.
 * @param fallback what the field is where it is null, as its initializer has it
 */
export function OptionalField(fallback?: unknown): PropertyDecorator {
  return applyDecorators(
    IsOptional(),
    Transform(({ value }: { value: unknown }) => (value === null ? fallback : value)),
  );
}

/** The same of a field whose presence other rules decide (`ValidateIf`): null is absence for them, too. */
export function NullIsAbsent(): PropertyDecorator {
  return Transform(({ value }: { value: unknown }) => value ?? undefined);
}
