import { Transform } from 'class-transformer';

/**
 * A list whose elements cost more to check than its length does: of one that is too long, only as many are looked at as
 * `ArrayMaxSize(max)` needs to refuse it.
 */
export function NoLongerThan(max: number): PropertyDecorator {
  return Transform(({ value }: { value: unknown }) => (Array.isArray(value) ? value.slice(0, max + 1) : value));
}
