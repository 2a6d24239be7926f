import type { Type } from '@nestjs/common';
import { SocketErrorView } from '../realtime/protocol/errors.view.js';
import { CLIENT_EVENTS } from '../realtime/protocol/client-events.js';
import { SERVER_EVENTS } from '../realtime/protocol/server-events.js';
import { type Documents, referencedSchemas } from './openapi.js';

const reference = (type: Type): { $ref: string } => ({ $ref: `#/components/schemas/${type.name}` });

/** The sockets' document (AsyncAPI 3), from the same maps that type them and the schemas that REST has. */
export function asyncApiDocument({ openApi, schemas }: Documents): Record<string, unknown> {
  const messages: Record<string, unknown> = {};
  const operations: Record<string, unknown> = {};
  const channelMessages: Record<string, unknown> = {};

  for (const [name, { payload, result, description }] of Object.entries(CLIENT_EVENTS)) {
    const answer = `${name}.acknowledgement`;
    messages[name] = { name, title: name, summary: description, payload: reference(payload) };
    messages[answer] = {
      name: answer,
      title: `Acknowledgement of ${name}`,
      payload: {
        oneOf: [
          {
            type: 'object',
            required: ['ok', 'data'],
            properties: { ok: { type: 'boolean', const: true }, data: reference(result) },
          },
          {
            type: 'object',
            required: ['ok', 'error'],
            properties: { ok: { type: 'boolean', const: false }, error: reference(SocketErrorView) },
          },
        ],
      },
    };
    operations[`on_${name}`] = {
      action: 'receive',
      channel: { $ref: '#/channels/root' },
      summary: description,
      messages: [{ $ref: `#/channels/root/messages/${name}` }],
      reply: { channel: { $ref: '#/channels/root' }, messages: [{ $ref: `#/channels/root/messages/${answer}` }] },
    };
    channelMessages[name] = { $ref: `#/components/messages/${name}` };
    channelMessages[answer] = { $ref: `#/components/messages/${answer}` };
  }

  for (const [name, { payload, description, audience }] of Object.entries(SERVER_EVENTS)) {
    messages[name] = {
      name,
      title: name,
      summary: description,
      description: `To ${audience}.`,
      payload: reference(payload),
    };
    operations[`send_${name.replace(':', '_')}`] = {
      action: 'send',
      channel: { $ref: '#/channels/root' },
      summary: description,
      messages: [{ $ref: `#/channels/root/messages/${name}` }],
    };
    channelMessages[name] = { $ref: `#/components/messages/${name}` };
  }

  const used = referencedSchemas(messages, schemas);
  return {
    asyncapi: '3.0.0',
    info: {
      title: 'Parley sockets',
      version: openApi.info.version,
      description:
        'Socket.IO v4, default namespace. Handshake: `auth.token`, the Authorization header or the `token` query; refused with ' +
        '`connect_error` and `data.code`. Every client event takes an acknowledgement callback; without one a failure arrives as ' +
        '`exception`.',
    },
    defaultContentType: 'application/json',
    channels: { root: { address: '/', messages: channelMessages } },
    operations,
    components: {
      messages,
      schemas: Object.fromEntries(Object.entries(schemas).filter(([name]) => used.has(name))),
    },
  };
}
