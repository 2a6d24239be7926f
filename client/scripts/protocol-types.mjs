// Types of the wire, made from the two documents of the server: `protocolTypes({ openApi, asyncApi })` returns the text of
// src/protocol/protocol.generated.ts. npm run docs:generate writes it, npm run docs:check fails where it differs.

/** What the client asks for over HTTP beside the schemas of the socket's document. */
const HTTP_SCHEMAS = [
  'RegistrationView',
  'PendingRegistrationView',
  'Registration',
  'Login',
  'VerifyCode',
  'ResetPassword',
  'ChangePassword',
  'TokensView',
  'OwnUserView',
  'UpdateProfile',
  'SessionView',
  'ProblemView',
  'ConversationView',
  'CreateConversationDto',
  'UpdateConversationDto',
  'UpdateOwnMembershipDto',
  'UpdateMemberDto',
  'MemberView',
  'MessageView',
  'MessagePage',
  'MessageSearchPage',
  'UserView',
  'FriendRequestItemView',
  'FriendRequestView',
  'AcceptedFriendRequestView',
  'BlockView',
  'AttachmentView',
  'ReceiptView',
  'CreateReportDto',
  'ReportReceiptView',
];
/** Where the name without its ending would be another's, or say too little. */
const NAMES = {
  RegistrationView: 'Registered',
  SyncView: 'SyncChanges',
  SyncDto: 'SyncRequest',
  TypingDto: 'TypingRequest',
  MessageNewView: 'MessageStored',
};

export function protocolTypes({ openApi, asyncApi }) {
  const schemas = { ...openApi.components.schemas, ...asyncApi.components.schemas };
  const wanted = new Set();
  const lines = [
    '// Made from docs/openapi.json and docs/asyncapi.json by npm run docs:generate. Never edited by hand.',
    '',
  ];
  const messages = Object.entries(asyncApi.components.messages);
  const clientEvents = [];
  const serverEvents = [];
  for (const [key, message] of messages) {
    if (key.startsWith('server_')) serverEvents.push([message.name, type(message.payload)]);
    else if (!key.endsWith('_acknowledgement')) {
      const answer = asyncApi.components.messages[`${key}_acknowledgement`].payload;
      const success = answer.oneOf.find((one) => one.properties.ok.const === true).properties.data;
      clientEvents.push([message.name, type(message.payload), type(success)]);
    }
  }
  for (const name of HTTP_SCHEMAS) use(name);

  const declarations = new Map();
  for (const name of wanted) declarations.set(typeName(name), declaration(name)); // `wanted` grows while it is walked
  const names = [...wanted].map(typeName);
  const shared = names.filter((name, index) => names.indexOf(name) !== index);
  if (shared.length > 0) throw new Error(`${shared.join(', ')}: several schemas would have this name`);
  for (const name of [...declarations.keys()].sort()) lines.push(declarations.get(name), '');

  lines.push('/** What the server sends, by event. */', 'export interface ServerEvents {');
  for (const [name, payload] of serverEvents) lines.push(`  ${field(name)}: ${payload};`);
  lines.push('}', '', '/** What a client sends and what a successful acknowledgement carries, by event. */');
  lines.push('export interface ClientEvents {');
  for (const [name, payload, answer] of clientEvents)
    lines.push(`  ${field(name)}: { payload: ${payload}; answer: ${answer} };`);
  lines.push('}', '');
  return lines.join('\n');

  function use(name) {
    if (schemas[name] === undefined) throw new Error(`no document has a schema ${name}`);
    wanted.add(name);
    return typeName(name);
  }

  function declaration(name) {
    const schema = schemas[name];
    const isObject = schema.type === 'object' && Object.keys(schema.properties ?? {}).length > 0;
    const body = isObject
      ? `export interface ${typeName(name)} ${type(schema, '')}`
      : `export type ${typeName(name)} = ${type(schema, '')};`;
    return comment(schema.description, '') + body;
  }

  function type(schema, indent = '') {
    if (schema.$ref !== undefined) return use(schema.$ref.split('/').at(-1));
    if (schema.const !== undefined) return literal(schema.const);
    if (schema.enum !== undefined) return schema.enum.map(literal).join(' | ');
    const alternatives = schema.oneOf ?? schema.anyOf;
    if (alternatives !== undefined && schema.properties === undefined)
      return [...new Set(alternatives.map((one) => type(one, indent)))].join(' | ');
    if (schema.allOf !== undefined && schema.properties === undefined)
      return schema.allOf.map((one) => type(one, indent)).join(' & ');
    if (Array.isArray(schema.type)) return schema.type.map((one) => type({ ...schema, type: one }, indent)).join(' | ');
    switch (schema.type) {
      case 'string':
        return 'string';
      case 'integer':
      case 'number':
        return 'number';
      case 'boolean':
        return 'boolean';
      case 'null':
        return 'null';
      case 'array': {
        const item = type(schema.items ?? {}, indent);
        return item.includes(' ') && !item.startsWith('{') ? `(${item})[]` : `${item}[]`;
      }
      case 'object':
        return object(schema, indent);
      default:
        return 'unknown';
    }
  }

  function object(schema, indent) {
    const properties = Object.entries(schema.properties ?? {});
    if (properties.length === 0) {
      const { additionalProperties } = schema;
      return typeof additionalProperties === 'object'
        ? `Record<string, ${type(additionalProperties, indent)}>`
        : 'Record<string, never>';
    }
    const required = new Set(schema.required ?? []);
    const inner = `${indent}  `;
    const fields = properties.map(([name, value]) => {
      // A sender may leave a field out by undefined; what arrives is JSON.
      const optional = required.has(name) ? '' : '?';
      const written = type(value, inner);
      const orUndefined = optional === '' ? '' : ' | undefined';
      return `${comment(value.description, inner)}${inner}${field(name)}${optional}: ${written}${orUndefined};`;
    });
    return `{\n${fields.join('\n')}\n${indent}}`;
  }
}

function typeName(name) {
  return NAMES[name] ?? name.replace(/(EventDto|Dto|View)$/, '');
}

function field(name) {
  return /^[A-Za-z_$][\w$]*$/.test(name) ? name : `'${name}'`;
}

function literal(value) {
  return typeof value === 'string' ? `'${value.replaceAll("'", "\\'")}'` : JSON.stringify(value);
}

function comment(description, indent) {
  if (description === undefined) return '';
  return `${indent}/** ${description.replaceAll('*/', '* /').replaceAll(/\s+/g, ' ').trim()} */\n`;
}
