import type { Type, ValidationPipeOptions } from '@nestjs/common';
import { plainToInstance } from 'class-transformer';
import { type ValidationError, validateSync } from 'class-validator';
import { DomainError, type FieldErrors } from '../errors.js';

/** The same for both doors: unknown fields are refused, never dropped in silence (contract, section 1). */
export const VALIDATION_OPTIONS = {
  whitelist: true,
  forbidNonWhitelisted: true,
  forbidUnknownValues: true,
  validationError: { target: false, value: false },
} as const satisfies ValidationPipeOptions;

/** No DTO nests deeper than a few levels; the libraries that check them call themselves for every one. */
const MAX_DEPTH = 20;

/**
 * What the libraries that validate would not survive, or would drop in silence: too many levels, and fields that carry
 * the name of something every object has.
 * @throws DomainError VALIDATION_FAILED
 */
export function refuseHostileStructure(input: unknown, path = '', depth = 0): void {
  if (typeof input !== 'object' || input === null) return;
  if (depth >= MAX_DEPTH)
    throw new DomainError('VALIDATION_FAILED', { errors: { '': [`must not nest deeper than ${MAX_DEPTH} levels`] } });
  for (const [field, value] of Object.entries(input)) {
    const at = path === '' ? field : `${path}.${field}`;
    if (field === 'prototype' || field in Object.prototype)
      throw new DomainError('VALIDATION_FAILED', { errors: { [at]: [`property ${field} should not exist`] } });
    refuseHostileStructure(value, at, depth + 1);
  }
}

/**
 * An input from outside as an instance of its DTO.
 * @throws DomainError VALIDATION_FAILED with the faults by field.
 */
export function validated<T extends object>(dto: Type<T>, input: unknown): T {
  // Bytes come over sockets alone, and have no fields.
  if (typeof input !== 'object' || input === null || Array.isArray(input) || ArrayBuffer.isView(input)) {
    throw new DomainError('VALIDATION_FAILED', { errors: { '': ['must be an object'] } });
  }
  refuseHostileStructure(input);
  const instance = plainToInstance(dto, input);
  const faults = validateSync(instance, VALIDATION_OPTIONS);
  if (faults.length > 0) throw validationFailed(faults);
  return instance;
}

export function validationFailed(faults: readonly ValidationError[]): DomainError {
  const errors: FieldErrors = {};
  collect(faults, '', errors);
  return new DomainError('VALIDATION_FAILED', { errors });
}

function collect(faults: readonly ValidationError[], path: string, errors: FieldErrors): void {
  for (const fault of faults) {
    const field = path === '' ? fault.property : `${path}.${fault.property}`;
    if (fault.constraints !== undefined) errors[field] = reasonsOf(fault.constraints);
    collect(fault.children ?? [], field, errors);
  }
}

/** What has another type breaks all other rules as well, which would say of it what it is not about. */
function reasonsOf(constraints: Record<string, string>): string[] {
  const type = constraints.isArray ?? constraints.isString;
  return type === undefined ? Object.values(constraints) : [type];
}
