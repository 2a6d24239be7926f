import type { TextBounds } from '../common/validation/is-text.decorator.js';
import { type Validation, validatedClasses } from './validated-classes.js';

/** As much of JSON Schema as the generator makes. */
export interface Schema {
  [keyword: string]: unknown;
  type?: string | string[];
  properties?: Record<string, Schema>;
  required?: string[];
  items?: Schema;
  enum?: unknown[];
  nullable?: boolean;
  $ref?: string;
}

type Schemas = Record<string, Schema>;

/** What no class says: that of some fields one is needed, whichever. Each list is one choice. */
const CHOICES: Readonly<Record<string, readonly (readonly string[])[][]>> = {
  Login: [[['email'], ['username']]],
  CreateConversationDto: [[['userId'], ['title', 'memberIds']]],
  CreateMessageDto: [[['content'], ['attachmentIds'], ['attachments']]],
  SendMessageDto: [
    [['conversationId'], ['receiverId']],
    [['content'], ['attachmentIds'], ['attachments']],
  ],
};

/** What a name of ours says about a text that has no format of its own. */
const FORMAT_OF_NAME: readonly [RegExp, string][] = [
  [/^(_?id|.*Id|lastMessageBy)$/, 'uuid'],
  [/^(at|since|lastSeen|mutedUntil|serverTime|.*At)$/, 'date-time'],
];

/**
 * Makes JSON Schema of what the generator of OpenAPI 3.0 made, so that both documents, and whoever compiles or validates
 * by them, see the same: `null` is a type, every number of this protocol is whole, ids and times have their formats, and
 * what clients send has the bounds that it is checked against, and no other fields.
 */
export function jsonSchemas(generated: Readonly<Record<string, unknown>>): Record<string, Schema> {
  const schemas = structuredClone(generated) as Schemas;
  const inputs = validatedClasses();
  for (const [name, schema] of Object.entries(schemas)) {
    schemas[name] = jsonSchema(schema);
    const input = inputs.get(name);
    if (input !== undefined) describeInput(schemas[name], input);
    const choices = (CHOICES[name] ?? []).map((ways) => ({ anyOf: ways.map((required) => ({ required })) }));
    if (choices.length === 1) Object.assign(schemas[name], choices[0]);
    else if (choices.length > 1) schemas[name].allOf = choices;
  }
  return schemas;
}

/** One schema of the generator's, and all in it. @param name of the property that it is of. */
export function jsonSchema(schema: Schema, name = ''): Schema {
  const { nullable, allOf, ...rest } = schema;
  const made: Schema = { ...rest };
  if (Array.isArray(allOf) && allOf.length === 1) {
    const [{ $ref }] = allOf as [Schema];
    delete made.type;
    // Beside a reference 3.1 allows what else is said of it.
    if (nullable === true) made.anyOf = [{ $ref }, { type: 'null' }];
    else made.$ref = $ref as string;
  } else if (nullable === true) {
    if (made.$ref !== undefined) {
      made.anyOf = [{ $ref: made.$ref }, { type: 'null' }];
      delete made.$ref;
    } else if (typeof made.type === 'string') made.type = [made.type, 'null'];
    if (made.enum !== undefined && !made.enum.includes(null)) made.enum = [...made.enum, null];
  }
  const types = [made.type].flat();
  if (types.includes('number')) made.type = typeof made.type === 'string' ? 'integer' : ['integer', 'null'];
  if (types.includes('string') && [made.format, made.enum, made.pattern].every((kind) => kind === undefined)) {
    const format = FORMAT_OF_NAME.find(([pattern]) => pattern.test(name))?.[1];
    if (format !== undefined) made.format = format;
  }
  if (made.example !== undefined) {
    made.examples = [made.example];
    delete made.example;
  }
  if (made.properties !== undefined)
    made.properties = Object.fromEntries(
      Object.entries(made.properties).map(([property, inner]) => [property, jsonSchema(inner, property)]),
    );
  if (made.items !== undefined) made.items = jsonSchema(made.items, name.replace(/Ids$/, 'Id'));
  for (const keyword of ['oneOf', 'anyOf'])
    if (Array.isArray(schema[keyword])) made[keyword] = (schema[keyword] as Schema[]).map((inner) => jsonSchema(inner));
  return made;
}

/** Whether one of several fields is needed. */
export function isOneOfSeveral({ anyOf, allOf }: Schema): boolean {
  return anyOf !== undefined || allOf !== undefined;
}

/** What a client sends: closed, without having to say what has a default, with the bounds of our own checks. */
function describeInput(schema: Schema, validations: readonly Validation[]): void {
  schema.additionalProperties = false;
  const properties = schema.properties ?? {};
  const required = (schema.required ?? []).filter((property) => properties[property]?.default === undefined);
  if (required.length > 0) schema.required = required;
  else delete schema.required;
  for (const { name, propertyName, constraints, each } of validations) {
    const property = properties[propertyName];
    if (property === undefined) continue;
    const [bound] = constraints ?? [];
    const target = each && property.items !== undefined ? property.items : property;
    if (name === 'isText') Object.assign(target, lengths(bound as TextBounds));
    if (name === 'arrayMaxSize') target.maxItems = bound;
    if (name === 'maxLength') target.maxLength ??= bound;
  }
}

function lengths({ min = 0, max }: TextBounds): Schema {
  return { ...(min > 0 ? { minLength: min } : {}), maxLength: max };
}
