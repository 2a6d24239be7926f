import { readFileSync } from 'node:fs';
import type { INestApplication } from '@nestjs/common';
import { DocumentBuilder, type OpenAPIObject, SwaggerModule } from '@nestjs/swagger';
import { CLIENT_EVENTS } from '../realtime/protocol/client-events.js';
import { SERVER_EVENTS } from '../realtime/protocol/server-events.js';
import { SocketErrorView } from '../realtime/protocol/errors.view.js';
import type { ErrorCode } from '../common/errors.js';
import { problemResponse } from './api-errors.decorator.js';
import { ProblemView } from './problem.view.js';
import { SyncResetView } from '../sync/sync.view.js';

type Operation = NonNullable<OpenAPIObject['paths'][string]['get']>;

export interface Documents {
  openApi: OpenAPIObject;
  /** Every schema of both doors, for the sockets' document. */
  schemas: Record<string, unknown>;
}

/** The REST document, and the schemas of the sockets' classes by the same generator. */
export function openApiDocument(app: INestApplication): Documents {
  const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
    version: string;
  };
  const settings = new DocumentBuilder()
    .setTitle('Parley')
    .setDescription('REST for the first fetch; everything live comes over the socket: see /docs/async.')
    .setVersion(version)
    .setLicense('MIT', 'https://opensource.org/license/mit')
    .addBearerAuth()
    .build();
  const openApi = SwaggerModule.createDocument(app, settings, {
    extraModels: [
      ...Object.values(CLIENT_EVENTS).flatMap(({ payload, result }) => [payload, result]),
      ...Object.values(SERVER_EVENTS).map(({ payload }) => payload),
      SocketErrorView,
      SyncResetView,
      ProblemView,
    ],
    operationIdFactory: (controller, method) => `${controller.replace(/Controller$/, '')}_${method}`,
  });
  for (const path of Object.values(openApi.paths)) {
    for (const [method, operation] of Object.entries(path)) {
      if (['get', 'post', 'put', 'patch', 'delete'].includes(method)) addCommonErrors(operation as Operation);
    }
  }
  const schemas = { ...openApi.components?.schemas };
  const used = referencedSchemas(openApi.paths, schemas);
  openApi.components = {
    ...openApi.components,
    schemas: Object.fromEntries(Object.entries(openApi.components?.schemas ?? {}).filter(([name]) => used.has(name))),
  };
  return { openApi, schemas };
}

/** What any operation of its kind may answer. */
function addCommonErrors(operation: Operation): void {
  const common: [number, ErrorCode[]][] = [[500, ['INTERNAL_ERROR']]];
  const isOperations = operation.tags?.includes('operations') === true;
  if (!isOperations) common.push([429, ['RATE_LIMITED']], [503, ['UNAVAILABLE', 'OVERLOADED']]);
  if (operation.requestBody !== undefined)
    common.push([400, ['VALIDATION_FAILED', 'MALFORMED_JSON']], [413, ['PAYLOAD_TOO_LARGE']]);
  else if (operation.parameters?.some((parameter) => 'in' in parameter && parameter.in === 'query'))
    common.push([400, ['VALIDATION_FAILED']]);
  if (operation.security !== undefined && operation.security.length > 0)
    common.push([401, ['UNAUTHORIZED', 'TOKEN_EXPIRED']]);
  for (const [status, codes] of common) {
    const { description, content } = problemResponse(status, codes);
    const present = operation.responses[status] as
      | { description?: string; content?: Record<string, { examples?: object }> }
      | undefined;
    if (present === undefined) {
      operation.responses[status] = { description, content } as Operation['responses'][string];
      continue;
    }
    present.description = `${present.description ?? ''} ${description}`.trim();
    const media = present.content?.['application/problem+json'];
    if (media !== undefined) media.examples = { ...media.examples, ...content['application/problem+json'].examples };
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
