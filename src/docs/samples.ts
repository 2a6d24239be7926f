import type { Schema } from './json-schema.js';

const IDS = {
  conversation: '0197a6b2-8f1e-7c3a-9d52-1b6f0c8e4a11',
  user: '0197a6b2-91c4-7b02-8a3e-5d2f7e6c9b40',
  message: '0197a6b3-02d7-7e55-b1c8-3f9a4d7e2c68',
  other: '0197a6b1-77aa-7d10-9c21-8e5b3a1f6d92',
};
const TIME = '2026-11-26T09:30:00.000Z';

/** What a name says where a schema says no more than that it is text. */
const TEXTS: Readonly<Record<string, string>> = {
  accessToken: 'eyJhbGciOiJIUzI1NiJ9.…',
  blurhash: 'LKO2?U%2Tw=w]~RBVZRi};RPxuwH',
  content: 'See you at nine',
  cursor: 'WyI3NTM0…',
  detail: 'Not found.',
  displayName: 'Ada Lovelace',
  emoji: '👍',
  event: 'send_message',
  lastMessage: 'See you at nine',
  message: 'Not found.',
  nextCursor: 'WyIyMDI2…',
  refreshToken: 'k4T…',
  syncCursor: 'WyI3NTM0…',
  title: 'Trip to Lisbon',
  token: 'eyJhbGciOiJIUzI1NiJ9.…',
  username: 'ada',
};

/** Numbers that say something. */
const NUMBERS: Readonly<Record<string, number>> = {
  count: 2,
  durationMs: 12_400,
  expiresIn: 900,
  height: 4_032,
  limit: 50,
  memberCount: 2,
  retryAfterMs: 2_000,
  size: 812_345,
  unreadCount: 3,
  width: 3_024,
};

/** What most often is not there. */
const MOSTLY_NULL = /^(archivedAt|deletedAt|editedAt|mutedUntil|nextCursor|pinnedAt|removedAt|replyTo|respondedAt)$/;

/**
 * A value that a schema allows, the same each time: what a page shows, and what a reader tries. What may be left out is left
 * out, but for the first of several choices and the key that makes a send idempotent.
 * @param path the names of what it is in, from the outside; the last one is its own.
 */
export function sampleOf(
  schema: Schema,
  schemas: Readonly<Record<string, Schema>>,
  path: readonly string[] = [],
): unknown {
  const name = path.at(-1) ?? '';
  if (MOSTLY_NULL.test(name) && allowsNull(schema)) return null;
  if (schema.$ref !== undefined)
    return sampleOf(schemas[schema.$ref.replace('#/components/schemas/', '')] ?? {}, schemas, path);
  if (Array.isArray(schema.examples)) return schema.examples[0];
  if (schema.const !== undefined) return schema.const;
  if (schema.enum !== undefined) return schema.default ?? schema.enum[0];
  switch ([schema.type].flat()[0]) {
    case 'object':
      return objectOf(schema, schemas, path);
    case 'array':
      // Lists in lists would be all that anybody sees.
      return path.length > 3 || name === 'attachments' ? [] : [sampleOf(schema.items ?? {}, schemas, path)];
    case 'boolean':
      return /^(isOnline|isTyping|retry|ok|mine|active)$/.test(name);
    case 'integer':
      return integerOf(schema, name);
    case 'string':
      return textOf(schema, path);
    default: {
      const [first] = choicesOf(schema);
      return first === undefined ? {} : sampleOf(first, schemas, path);
    }
  }
}

function choicesOf({ anyOf, oneOf }: Schema): Schema[] {
  return (anyOf ?? oneOf ?? []) as Schema[];
}

function allowsNull(schema: Schema): boolean {
  return [schema.type].flat().includes('null') || choicesOf(schema).some(({ type }) => type === 'null');
}

function objectOf(schema: Schema, schemas: Readonly<Record<string, Schema>>, path: readonly string[]): object {
  const choices = [schema, ...((schema.allOf ?? []) as Schema[])].flatMap((part) => choicesOf(part)[0]?.required ?? []);
  const named = [...(schema.required ?? []), ...choices];
  // Where nothing is needed, all of it says more than nothing.
  const shown = new Set(named.length > 0 ? [...named, 'clientId'] : Object.keys(schema.properties ?? {}));
  return Object.fromEntries(
    Object.entries(schema.properties ?? {})
      .filter(([property]) => shown.has(property))
      .map(([property, inner]) => [property, sampleOf(inner, schemas, [...path, property])]),
  );
}

function integerOf({ minimum, default: fallback }: Schema, name: string): number {
  if (typeof fallback === 'number') return fallback;
  return /seq$/i.test(name) ? 42 : (NUMBERS[name] ?? Math.max(1, Number(minimum ?? 1)));
}

function textOf({ format }: Schema, path: readonly string[]): string {
  const name = path.at(-1) ?? '';
  if (format === 'uuid') return idOf(name === 'id' ? (path.at(-2) ?? '') : name);
  if (format === 'date-time') return TIME;
  if (/url$/i.test(name)) return 'https://files.example.com/beach.jpg';
  return TEXTS[name] ?? name;
}

function idOf(name: string): string {
  if (/conversation/i.test(name)) return IDS.conversation;
  if (/message|replyTo/i.test(name)) return IDS.message;
  return /user|sender|receiver|actor|lastMessageBy|friend$/i.test(name) ? IDS.user : IDS.other;
}
