import type { Type } from '@nestjs/common';
import { SocketErrorView } from '../realtime/protocol/errors.view.js';
import { CLIENT_EVENTS } from '../realtime/protocol/client-events.js';
import { SERVER_EVENTS } from '../realtime/protocol/server-events.js';
import { SyncResetView } from '../views/sync.view.js';
import { type Documents, referencedSchemas } from './openapi.js';
import { sampleOf } from './samples.js';

const reference = (type: Type): { $ref: string } => ({ $ref: `#/components/schemas/${type.name}` });

/** In JSON Schema, as all of this document is. */
const failed = {
  type: 'object',
  required: ['ok', 'error'],
  properties: { ok: { const: false }, error: reference(SocketErrorView) },
};

/**
 * The sockets' document (AsyncAPI 3), from the same maps that type them and the schemas that REST has. It is written from the
 * server's side: it receives client events and sends server events; the same name in both directions is two messages.
 */
export function asyncApiDocument({ openApi, schemas }: Documents): Record<string, unknown> {
  const messages: Record<string, object> = {};
  const operations: Record<string, object> = {};
  const channelMessages: Record<string, object> = {};
  const add = (id: string, message: { payload: object } & Record<string, unknown>): { $ref: string } => {
    messages[id] = message;
    channelMessages[id] = { $ref: `#/components/messages/${id}` };
    return { $ref: `#/channels/root/messages/${id}` };
  };

  for (const [name, { payload, result, description }] of Object.entries(CLIENT_EVENTS)) {
    const sample = sampleOf(reference(payload), schemas);
    const request = add(`client_${name}`, {
      name,
      title: `${name} (client to server)`,
      summary: description,
      payload: payloadOf(name, payload),
      examples: [{ name: 'sample', payload: sample }],
    });
    const done = {
      type: 'object',
      required: ['ok', 'data'],
      properties: { ok: { const: true }, data: resultOf(name, result) },
    };
    const answer = add(`client_${name}_acknowledgement`, {
      name,
      title: `Acknowledgement of ${name}`,
      payload: { oneOf: [done, failed] },
      examples: [{ name: 'sample', payload: { ok: true, data: sampleOf(reference(result), schemas) } }],
    });
    operations[`receive_${name}`] = {
      action: 'receive',
      channel: { $ref: '#/channels/root' },
      summary: description,
      messages: [request],
      reply: { channel: { $ref: '#/channels/root' }, messages: [answer] },
    };
  }

  for (const [name, { payload, description, audience }] of Object.entries(SERVER_EVENTS)) {
    const id = name.replaceAll(':', '_');
    const message = add(`server_${id}`, {
      name,
      title: `${name} (server to client)`,
      summary: description,
      description: `To ${audience}.`,
      payload: reference(payload),
      examples: [{ name: 'sample', payload: sampleOf(reference(payload), schemas) }],
    });
    operations[`send_${id}`] = {
      action: 'send',
      channel: { $ref: '#/channels/root' },
      summary: description,
      messages: [message],
    };
  }

  const used = referencedSchemas(messages, schemas);
  return {
    asyncapi: '3.1.0',
    id: 'urn:parley:sockets',
    info: {
      title: 'Parley sockets',
      version: openApi.info.version,
      license: openApi.info.license,
      description:
        'Socket.IO v4, default namespace. Handshake: `auth.token`, the Authorization header or the `token` query; refused with ' +
        '`connect_error` and `data.code`. Every client event takes an acknowledgement callback; without one a failure arrives as ' +
        '`exception`.',
      tags: [{ name: 'chat', description: 'Everything live.' }],
    },
    defaultContentType: 'application/json',
    servers: {
      self: {
        host: '{host}',
        pathname: '/socket.io/',
        protocol: 'wss',
        description: 'The server that this document comes from; ws where it has no TLS.',
        variables: { host: { default: 'localhost:3000' } },
        security: [{ $ref: '#/components/securitySchemes/token' }, { $ref: '#/components/securitySchemes/bearer' }],
      },
    },
    channels: {
      root: {
        address: '/',
        title: 'The default namespace',
        servers: [{ $ref: '#/servers/self' }],
        messages: channelMessages,
      },
    },
    operations,
    components: {
      messages,
      schemas: Object.fromEntries(Object.entries(schemas).filter(([name]) => used.has(name))),
      securitySchemes: {
        token: {
          type: 'httpApiKey',
          in: 'query',
          name: 'token',
          description: 'An access token, better in `auth.token`.',
        },
        bearer: { type: 'http', scheme: 'bearer' },
      },
    },
  };
}

/** Where a bare id does as well. */
function payloadOf(name: string, payload: Type): object {
  if (name !== 'join_conversation' && name !== 'leave_conversation') return reference(payload);
  return {
    oneOf: [reference(payload), { type: 'string', format: 'uuid', description: 'The conversation’s id alone.' }],
  };
}

function resultOf(name: string, result: Type): object {
  return name === 'sync' ? { oneOf: [reference(result), reference(SyncResetView)] } : reference(result);
}
