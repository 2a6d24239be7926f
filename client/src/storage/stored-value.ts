import type { StoredValue } from '../ports/storage.js';

/**
 * A value as SQLite keeps it: bytes as a blob, all else as JSON. Bytes within JSON are written as `{ "\u0000": hex }`; a
 * field of that name cannot be anything else, since real ones are escaped by doubling it.
 */
export function encode(value: StoredValue): string | Uint8Array {
  if (value instanceof Uint8Array) return value.slice();
  return holdsBytes(value) ? `b${JSON.stringify(packed(value))}` : `j${JSON.stringify(value)}`;
}

export function decode(stored: string | Uint8Array): StoredValue {
  if (typeof stored !== 'string') return stored;
  const value = JSON.parse(stored.slice(1)) as StoredValue;
  return stored.startsWith('b') ? unpacked(value) : value;
}

const MARK = '\u0000';

function holdsBytes(value: StoredValue | undefined): boolean {
  if (typeof value !== 'object' || value === null) return false;
  if (value instanceof Uint8Array) return true;
  return Object.values(value).some((item) => holdsBytes(item));
}

function packed(value: StoredValue): StoredValue {
  if (typeof value !== 'object' || value === null) return value;
  if (value instanceof Uint8Array)
    return { [MARK]: Array.from(value, (byte) => byte.toString(16).padStart(2, '0')).join('') };
  if (Array.isArray(value)) return value.map((item: StoredValue) => packed(item));
  return mapped(
    value as { readonly [field: string]: StoredValue },
    (name) => (name.startsWith(MARK) ? MARK + name : name),
    packed,
  );
}

function unpacked(value: StoredValue): StoredValue {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map((item: StoredValue) => unpacked(item));
  const object = value as { readonly [field: string]: StoredValue };
  const hex = object[MARK];
  if (typeof hex === 'string')
    return Uint8Array.from({ length: hex.length / 2 }, (_, index) => parseInt(hex.slice(index * 2, index * 2 + 2), 16));
  return mapped(object, (name) => (name.startsWith(MARK) ? name.slice(1) : name), unpacked);
}

function mapped(
  object: { readonly [field: string]: StoredValue },
  name: (name: string) => string,
  value: (value: StoredValue) => StoredValue,
): StoredValue {
  return Object.fromEntries(Object.entries(object).map(([field, item]) => [name(field), value(item)]));
}
