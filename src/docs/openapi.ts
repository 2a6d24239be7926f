import { readFileSync } from 'node:fs';
import type { INestApplication } from '@nestjs/common';
import { DocumentBuilder, type OpenAPIObject, SwaggerModule } from '@nestjs/swagger';
import { CLIENT_EVENTS } from '../realtime/protocol/client-events.js';
import { SERVER_EVENTS } from '../realtime/protocol/server-events.js';
import { SocketErrorView } from '../realtime/protocol/errors.view.js';
import type { ErrorCode } from '../common/errors.js';
import { problemResponse } from '../http/decorators/api-errors.decorator.js';
import { isOneOfSeveral, jsonSchema, jsonSchemas, type Schema } from './json-schema.js';
import { ProblemView } from '../http/problem.view.js';
import { SyncResetView } from '../views/sync.view.js';

type Operation = NonNullable<OpenAPIObject['paths'][string]['get']>;

export interface Documents {
  openApi: OpenAPIObject;
  /** Every schema of both doors, for the sockets' document. */
  schemas: Record<string, Schema>;
}

/** The REST document, and the schemas of the sockets' classes by the same generator. */
export function openApiDocument(app: INestApplication): Documents {
  const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
    version: string;
  };
  const settings = new DocumentBuilder()
    .setOpenAPIVersion('3.1.0')
    .setTitle('Parley')
    .setDescription('REST for the first fetch; everything live comes over the socket: see /docs/async.')
    .setVersion(version)
    .setLicense('MIT', 'https://opensource.org/license/mit')
    .addServer('/', 'The server that this document comes from.')
    .addBearerAuth({
      type: 'http',
      scheme: 'bearer',
      description:
        'An access token, own or of a trusted issuer; or, where an operation has `x-api-key-scope`, an API key with that scope, and `X-Act-As: <userId>`.',
    })
    .addCookieAuth('accessToken', { type: 'apiKey', description: 'The same, of browsers.' }, 'cookie')
    .addCookieAuth(
      'refreshToken',
      { type: 'apiKey', description: 'What a browser renews its token with.' },
      REFRESH_COOKIE,
    );
  for (const [tag, description] of Object.entries(TAGS)) settings.addTag(tag, description);
  const openApi = SwaggerModule.createDocument(app, settings.build(), {
    extraModels: [
      ...Object.values(CLIENT_EVENTS).flatMap(({ payload, result }) => [payload, result]),
      ...Object.values(SERVER_EVENTS).map(({ payload }) => payload),
      SocketErrorView,
      SyncResetView,
      ProblemView,
    ],
    operationIdFactory: (controller, method) => `${controller.replace(/Controller$/, '')}_${method}`,
  });
  delete (openApi.info as { contact?: unknown }).contact;
  const schemas = jsonSchemas(openApi.components?.schemas ?? {});
  for (const path of Object.values(openApi.paths)) {
    for (const [method, operation] of Object.entries(path)) {
      if (!['get', 'post', 'put', 'patch', 'delete'].includes(method)) continue;
      describeAccess(operation as Operation);
      addCommonErrors(method, operation as Operation);
      describeShapes(operation as Operation, schemas);
    }
  }
  const used = referencedSchemas(openApi.paths, schemas);
  openApi.components = {
    ...openApi.components,
    schemas: Object.fromEntries(Object.entries(schemas).filter(([name]) => used.has(name))),
  };
  return { openApi, schemas };
}

const REFRESH_COOKIE = 'refreshCookie';

const TAGS = {
  auth: 'Accounts, sessions and their tokens.',
  users: 'Profiles.',
  friends: 'Requests, friendships and blocks.',
  conversations: 'Direct conversations and groups, and their members.',
  messages: 'Messages, their history and reactions.',
  attachments: 'Pictures and files.',
  reports: 'What users report to the moderators of the server.',
  sync: 'All that changed since a cursor.',
  admin: 'For moderators and administrators of the server; for everybody else it does not exist.',
  operations: 'For whatever watches the server.',
  dialects: 'REST of the older dialects, for clients that cannot be changed.',
};

/** Who may call: everybody, or who shows a token, which a browser does by its cookie. */
function describeAccess(operation: Operation): void {
  const schemes = (operation.security ?? []).flatMap((scheme) => Object.keys(scheme));
  operation.security = schemes.map((scheme) => ({ [scheme]: [] }));
  if (schemes.includes('bearer')) operation.security.push({ cookie: [] });
  // Only where the body has none.
  else if (schemes.includes(REFRESH_COOKIE)) operation.security.push({});
}

/** What any operation of its kind may answer. */
function addCommonErrors(method: string, operation: Operation): void {
  const common: [number, ErrorCode[]][] = [[500, ['INTERNAL_ERROR']]];
  if (operation.tags?.includes('operations') !== true) {
    common.push([429, ['RATE_LIMITED']], [503, ['UNAVAILABLE', 'OVERLOADED']]);
    // A body that is none is refused before anybody asks whether one is wanted.
    if (method === 'get') common.push([400, ['VALIDATION_FAILED']]);
    else
      common.push(
        [400, ['VALIDATION_FAILED', 'MALFORMED_JSON']],
        [413, ['PAYLOAD_TOO_LARGE']],
        [415, ['UNSUPPORTED_MEDIA']],
      );
  }
  const schemes = operation.security?.flatMap((scheme) => Object.keys(scheme)) ?? [];
  // API keys that it is closed to are refused as well, and so is whoever is suspended with a token from before.
  if (schemes.includes('bearer'))
    common.push([401, ['UNAUTHORIZED', 'TOKEN_EXPIRED']], [403, ['ACCOUNT_SUSPENDED', 'FORBIDDEN']]);
  if (schemes.length > 0 && method !== 'get') common.push([403, ['FOREIGN_ORIGIN']]);
  // API keys whose scope it is not, and whom they may not act as.
  if ('x-api-key-scope' in operation) common.push([403, ['FORBIDDEN']], [404, ['NOT_FOUND']]);
  // It says of itself what its errors are.
  if (operation.responses.default !== undefined) return;
  for (const [status, codes] of common) {
    const present = operation.responses[status] as
      | { description?: string; content?: Record<string, { examples?: object }> }
      | undefined;
    const media = present?.content?.['application/problem+json'];
    const missing = codes.filter((code) => !Object.hasOwn(media?.examples ?? {}, code));
    if (missing.length === 0) continue;
    const { description, content } = problemResponse(status, missing);
    if (present === undefined) {
      operation.responses[status] = { description, content } as Operation['responses'][string];
      continue;
    }
    present.description = `${present.description ?? ''} ${description}`.trim();
    if (media !== undefined) media.examples = { ...media.examples, ...content['application/problem+json'].examples };
  }
}

/** What of an operation's parameters, body and answers the generator says otherwise than JSON Schema does. */
function describeShapes(operation: Operation, schemas: Readonly<Record<string, Schema>>): void {
  for (const parameter of operation.parameters ?? []) {
    if (!('in' in parameter)) continue;
    parameter.schema = jsonSchema(parameter.schema as Schema, parameter.name) as never;
    if ((parameter.schema as Schema).default !== undefined) parameter.required = false;
  }
  if (operation.requestBody !== undefined && 'content' in operation.requestBody) {
    for (const media of Object.values(operation.requestBody.content)) {
      const reference = REFERENCE.exec(String((media.schema as Schema).$ref))?.[1];
      const schema = reference === undefined ? undefined : schemas[reference];
      // Nothing is what an empty object is: all of it may be left out.
      if (schema !== undefined)
        operation.requestBody.required = schema.required !== undefined || isOneOfSeveral(schema);
    }
  }
  for (const response of Object.values(operation.responses) as { description?: string; content?: object }[]) {
    if (response.description === '') response.description = operation.summary ?? 'Done.';
    for (const media of Object.values(response.content ?? {}) as { schema?: Schema }[])
      if (media.schema !== undefined) media.schema = jsonSchema(media.schema);
  }
}

const REFERENCE = /^#\/components\/schemas\/(.+)$/;

/** The names of all schemas that something refers to, directly or through others. */
export function referencedSchemas(from: unknown, schemas: Readonly<Record<string, unknown>>): Set<string> {
  const found = new Set<string>();
  const visit = (value: unknown): void => {
    if (typeof value !== 'object' || value === null) return;
    for (const [key, part] of Object.entries(value)) {
      const name = key === '$ref' && typeof part === 'string' ? REFERENCE.exec(part)?.[1] : undefined;
      if (name === undefined) visit(part);
      else if (!found.has(name)) {
        found.add(name);
        visit(schemas[name]);
      }
    }
  };
  visit(from);
  return found;
}
