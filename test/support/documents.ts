import { readFileSync } from 'node:fs';
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import formats from 'ajv-formats';
import { type Anything, type Observer, observers } from './story.js';

export interface Operation {
  method: string;
  /** With its parameters in braces. */
  path: string;
}

const OWN_EVENTS = new Set(['connect', 'disconnect', 'connect_error']);

/** The documents as they are checked in, which another test holds to the server. */
export class Documents {
  readonly openApi = read('docs/openapi.json');
  readonly asyncApi = read('docs/asyncapi.json');
  private readonly validators = new Map<object, ValidateFunction>();
  private readonly rest = ajvFor(this.openApi);
  private readonly sockets = ajvFor(this.asyncApi);

  operations(): Operation[] {
    return Object.entries<Anything>(this.openApi.paths).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => ({ method: method.toUpperCase(), path })),
    );
  }

  serverEvents(): string[] {
    return Object.entries<Anything>(this.asyncApi.components.messages)
      .filter(([id]) => id.startsWith('server_'))
      .map(([, { name }]) => name as string);
  }

  /** The operation of a call; one whose path says more comes before one with a parameter in its place. */
  operationOf(method: string, url: string): Operation | undefined {
    const path = url.split('?')[0] ?? '';
    return this.operations()
      .filter((operation) => operation.method === method && patternOf(operation.path).test(path))
      .toSorted((a, b) => a.path.split('{').length - b.path.split('{').length)[0];
  }

  /** What is wrong with an answer by the document; nothing where it is as documented. */
  faultsOfAnswer(
    call: { method: string; path: string; body: unknown },
    { status, headers, body }: { status: number; headers: Headers; body: unknown },
  ): string[] {
    const operation = this.operationOf(call.method, call.path);
    if (operation === undefined) return [`${call.method} ${call.path} is not documented`];
    const name = `${operation.method} ${operation.path}`;
    const { responses, requestBody } = this.openApi.paths[operation.path][operation.method.toLowerCase()];
    const response = responses[status] ?? responses.default;
    if (response === undefined) return [`${name} answered ${status}, which is not documented`];
    const faults: string[] = [];
    const type = headers.get('content-type')?.split(';')[0];
    const media = response.content?.[type ?? ''] ?? response.content?.['*/*'];
    if (response.content === undefined && body !== '') faults.push(`${name} ${status} answered a body`);
    else if (response.content !== undefined && media === undefined)
      faults.push(`${name} ${status} answered ${type}, which is not documented`);
    else if (type?.endsWith('json') === true)
      faults.push(...this.faults(this.rest, media.schema, body, `${name} ${status}`));
    if (status < 300 && call.body !== undefined) {
      const sent = requestBody?.content?.['application/json']?.schema;
      if (sent === undefined) faults.push(`${name} took a body that is not documented`);
      else faults.push(...this.faults(this.rest, sent, call.body, `${name} (request)`));
    }
    return faults;
  }

  faultsOfEvent(name: string, payload: unknown): string[] {
    const id = `server_${name.replaceAll(':', '_')}`;
    const message = this.asyncApi.components.messages[id];
    if (message === undefined) return [`${name} is not documented`];
    return this.faults(this.sockets, message.payload, payload, name);
  }

  faultsOfAcknowledgement(name: string, payload: unknown, acknowledgement: Anything): string[] {
    const message = this.asyncApi.components.messages[`client_${name}`];
    const answer = this.asyncApi.components.messages[`client_${name}_acknowledgement`];
    if (message === undefined || answer === undefined) return [`${name} is not documented`];
    return [
      ...this.faults(this.sockets, answer.payload, acknowledgement, `acknowledgement of ${name}`),
      ...(acknowledgement.ok === true ? this.faults(this.sockets, message.payload, payload, `${name} (sent)`) : []),
    ];
  }

  /** The samples that the sockets' document shows, by its own schemas. */
  faultsOfSamples(): string[] {
    return Object.entries<Anything>(this.asyncApi.components.messages).flatMap(([id, { payload, examples }]) =>
      (examples as Anything[]).flatMap((example) => this.faults(this.sockets, payload, example.payload, id)),
    );
  }

  private faults(ajv: Ajv2020, schema: object, value: unknown, name: string): string[] {
    const validate = this.validators.get(schema) ?? ajv.compile(schema);
    this.validators.set(schema, validate);
    if (validate(value)) return [];
    const shown = JSON.stringify(value)?.slice(0, 400);
    return (validate.errors ?? []).map(
      ({ instancePath, message, params }) => `${name}${instancePath} ${message} ${JSON.stringify(params)} in ${shown}`,
    );
  }
}

/** Holds everything that passes from here on against the documents; what is wrong is in `faults`. */
export class DocumentObserver implements Observer {
  readonly faults: string[] = [];
  readonly called = new Set<string>();
  readonly events = new Set<string>();

  constructor(private readonly documents: Documents) {
    observers.add(this);
  }

  stop(): void {
    observers.delete(this);
  }

  answered(call: { method: string; path: string; body: unknown }, answer: Anything): void {
    const operation = this.documents.operationOf(call.method, call.path);
    if (operation !== undefined) this.called.add(`${operation.method} ${operation.path}`);
    this.faults.push(...this.documents.faultsOfAnswer(call, answer));
  }

  received(event: string, payload: unknown): void {
    if (OWN_EVENTS.has(event)) return;
    this.events.add(event);
    this.faults.push(...this.documents.faultsOfEvent(event, payload));
  }

  acknowledged(event: string, payload: unknown, acknowledgement: unknown): void {
    this.faults.push(...this.documents.faultsOfAcknowledgement(event, payload, acknowledgement));
  }
}

function read(path: string): Anything {
  return closed(JSON.parse(readFileSync(path, 'utf8')));
}

/** A field that no schema names is a fault: clients may take more than is documented, but the server says all of it. */
function closed(value: Anything): Anything {
  if (Array.isArray(value)) return value.map(closed);
  if (typeof value !== 'object' || value === null) return value;
  const made = Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, closed(inner)]));
  if (made.type === 'object' && typeof made.properties === 'object' && made.additionalProperties === undefined)
    made.additionalProperties = false;
  return made;
}

/** References in a document are to the document. */
function ajvFor(document: Anything): Ajv2020 {
  const ajv = new Ajv2020({ strict: false, allErrors: false, validateFormats: true });
  formats.default(ajv);
  const inline = (schema: Anything): Anything => {
    if (Array.isArray(schema)) return schema.map(inline);
    if (typeof schema !== 'object' || schema === null) return schema;
    return Object.fromEntries(
      Object.entries(schema).map(([key, value]) => [
        key,
        key === '$ref' && typeof value === 'string' ? value.replace('#/components/schemas/', 'schema:') : inline(value),
      ]),
    );
  };
  for (const [name, schema] of Object.entries(document.components.schemas))
    ajv.addSchema({ ...inline(schema), $id: `schema:${name}` });
  const compile = ajv.compile.bind(ajv);
  ajv.compile = ((schema: object) => compile(inline(schema))) as typeof ajv.compile;
  return ajv;
}

function patternOf(path: string): RegExp {
  return new RegExp(`^${path.replaceAll(/[.]/g, '\\.').replaceAll(/\{\w+\}/g, '[^/]+')}$`);
}
