import type { Type, ValidationPipeOptions } from '@nestjs/common';
import { plainToInstance } from 'class-transformer';
import { type ValidationError, validateSync } from 'class-validator';
import { DomainError, type FieldErrors, invalidField } from '../errors.js';

/** The same for both doors: unknown fields are refused, never dropped in silence (contract, section 1). */
export const VALIDATION_OPTIONS = {
  whitelist: true,
  forbidNonWhitelisted: true,
  forbidUnknownValues: true,
  validationError: { target: false, value: false },
} as const satisfies ValidationPipeOptions;

/** No DTO nests deeper than a few levels; the libraries that check them call themselves for every one. */
const MAX_DEPTH = 20;
/** Elements of all lists of an input: twice those of the longest list that any DTO takes. */
const MAX_ELEMENTS = 2_000;
/** Objects and their fields, whether a DTO has them or not: each costs more than an element, and no DTO has a quarter of them. */
const MAX_FIELDS = 250;
/** Fields whose faults are listed. */
const MAX_FAULTY_FIELDS = 50;

/**
 * What the libraries that validate would not survive, would take long for, or would drop in silence: too many levels, too
 * much in them, and fields that carry the name of something every object has.
 * @throws DomainError VALIDATION_FAILED
 */
export function refuseHostileStructure(input: unknown): void {
  refuseHostile(input, '', 0, { elements: 0, fields: 0 });
}

function refuseHostile(input: unknown, path: string, depth: number, found: { elements: number; fields: number }): void {
  if (typeof input !== 'object' || input === null) return;
  if (depth >= MAX_DEPTH) throw invalidField('', `must not nest deeper than ${MAX_DEPTH} levels`);
  found.fields += 1;
  // What is in a list is only listed once it is known to be little.
  if (Array.isArray(input) || input instanceof Uint8Array) found.elements += input.length;
  else found.fields += Object.keys(input).length;
  if (found.elements > MAX_ELEMENTS) throw invalidField('', `must not have more than ${MAX_ELEMENTS} elements`);
  if (found.fields > MAX_FIELDS) throw invalidField('', `must not have more than ${MAX_FIELDS} objects and fields`);
  for (const [field, value] of Object.entries(input)) {
    const at = path === '' ? field : `${path}.${field}`;
    if (field === 'prototype' || field in Object.prototype)
      throw invalidField(at, `property ${field} should not exist`);
    refuseHostile(value, at, depth + 1, found);
  }
}

/**
 * An input from outside as an instance of its DTO.
 * @throws DomainError VALIDATION_FAILED with the faults by field.
 */
export function validated<T extends object>(dto: Type<T>, input: unknown): T {
  // Bytes come over sockets alone, and have no fields.
  if (typeof input !== 'object' || input === null || Array.isArray(input) || ArrayBuffer.isView(input)) {
    throw invalidField('', 'must be an object');
  }
  refuseHostileStructure(input);
  const instance = plainToInstance(dto, input);
  const faults = validateSync(instance, VALIDATION_OPTIONS);
  if (faults.length > 0) throw validationFailed(faults);
  return instance;
}

export function validationFailed(faults: readonly ValidationError[]): DomainError {
  const errors: FieldErrors = {};
  let listed = 0;
  for (const [field, reasons] of faultsByField(faults, '')) {
    errors[field] = reasons;
    listed += 1;
    if (listed >= MAX_FAULTY_FIELDS) break;
  }
  return new DomainError('VALIDATION_FAILED', { errors });
}

function* faultsByField(faults: readonly ValidationError[], path: string): Generator<[string, string[]]> {
  for (const fault of faults) {
    const field = path === '' ? fault.property : `${path}.${fault.property}`;
    if (fault.constraints !== undefined) yield [field, reasonsOf(fault.constraints)];
    yield* faultsByField(fault.children ?? [], field);
  }
}

/** What has another type breaks all other rules as well, which would say of it what it is not about. */
function reasonsOf(constraints: Record<string, string>): string[] {
  const type = constraints.isArray ?? constraints.isString;
  return type === undefined ? Object.values(constraints) : [type];
}
