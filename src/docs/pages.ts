import { readFileSync } from 'node:fs';
import type { Type } from '@nestjs/common';
import { ERRORS, STATUS_OF_CATEGORY } from '../common/errors.js';
import { CLIENT_EVENTS } from '../realtime/protocol/client-events.js';
import { SERVER_EVENTS } from '../realtime/protocol/server-events.js';
import type { Schema } from './json-schema.js';
import { escapeHtml as escape, renderCode, renderMarkdown } from './markdown.js';
import { sampleOf } from './samples.js';

type Schemas = Readonly<Record<string, Schema>>;

const STYLE = `:root{color-scheme:light dark;--line:#8884;--soft:#8881;--accent:light-dark(#0b57d0,#8ab4f8)}
*{box-sizing:border-box}html{scroll-padding-top:1rem;overflow-wrap:anywhere}
body{font:16px/1.55 system-ui,sans-serif;max-width:60rem;margin:0 auto;padding:1rem;color:light-dark(#1c2330,#e6e9ef);background:light-dark(#fff,#14171c)}
a{color:var(--accent)}h1{font-size:1.7rem;line-height:1.2;margin:1rem 0}h2{margin:2.5rem 0 .5rem}h3{margin:0}
nav{display:flex;flex-wrap:wrap;gap:.25rem 1rem;padding-bottom:.75rem;border-bottom:1px solid var(--line)}nav a[aria-current]{font-weight:600;text-decoration:none}
code,pre,textarea{font-family:ui-monospace,monospace;font-size:.875em}code{background:var(--soft);border-radius:4px;padding:.1em .25em}
pre{background:var(--soft);padding:.75rem;overflow:auto;border-radius:6px;margin:.5rem 0;overflow-wrap:normal}pre code{background:none;padding:0}
.wide{overflow-x:auto}table{border-collapse:collapse;width:100%}td,th{border-bottom:1px solid var(--line);padding:.4rem .5rem;text-align:left;vertical-align:top;overflow-wrap:break-word}
article{border:1px solid var(--line);border-radius:8px;padding:1rem;margin:1rem 0}article>p{margin:.4rem 0}
.columns{display:grid;gap:0 1.5rem}@media(min-width:50rem){.columns{grid-template-columns:1fr 1fr}}.columns>*{min-width:0}
.label{font-size:.8rem;font-weight:600;text-transform:uppercase;letter-spacing:.04em;opacity:.75;margin:.75rem 0 .25rem}
.fields{list-style:none;margin:0;padding:0}.fields .fields{border-left:2px solid var(--line);padding-left:.75rem;margin:.25rem 0}.fields li{padding:.15rem 0}
.type{opacity:.75;font-size:.9em}.note{display:block;font-size:.9em;opacity:.85}summary{cursor:pointer}
.index{display:flex;flex-wrap:wrap;gap:.25rem .75rem;padding:0;list-style:none}
form{display:grid;gap:.6rem}label{display:grid;gap:.2rem;font-size:.9rem}input,select,textarea,button{font:inherit;padding:.5rem;border:1px solid var(--line);border-radius:6px;width:100%;background:light-dark(#fff,#1d2129);color:inherit}
textarea{min-height:9rem;font-family:ui-monospace,monospace;font-size:.875em}button{background:var(--accent);color:light-dark(#fff,#14171c);border:0;font-weight:600;cursor:pointer}button:disabled{opacity:.5;cursor:default}
.row{display:grid;gap:.6rem}@media(min-width:40rem){.row{grid-template-columns:1fr 1fr}}#log{max-height:24rem}`;

const PAGES = [
  ['/docs/protocol', 'Guide'],
  ['/docs/async', 'Events'],
  ['/docs', 'REST'],
  ['/docs/errors', 'Errors'],
] as const;

function page(path: string, title: string, body: string): string {
  const links = PAGES.map(
    ([url, name]) => `<a href="${url}"${url === path ? ' aria-current="page"' : ''}>${name}</a>`,
  ).join('');
  return `<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1"><title>${escape(title)}</title><style>${STYLE}</style></head><body><nav>${links}</nav><main><h1>${escape(title)}</h1>${body}</main></body></html>`;
}

/** GET /docs/errors: every code. `type` of a problem points into it. */
export function errorsPage(): string {
  const rows = Object.entries(ERRORS).map(
    ([code, { category, message }]) =>
      `<tr id="${code}"><td><code>${code}</code></td><td>${STATUS_OF_CATEGORY[category]}</td><td>${escape(message)}</td></tr>`,
  );
  return page(
    '/docs/errors',
    'Parley: error codes',
    `<div class="wide"><table><tr><th>Code<th>Status<th>Meaning</tr>${rows.join('')}</table></div>`,
  );
}

/** GET /docs/async: every socket event, what it carries, and a sample of it. */
export function eventsPage(schemas: Schemas): string {
  const index = (names: readonly string[], side: string): string =>
    `<ul class="index">${names.map((name) => `<li><a href="#${side}-${name}"><code>${name}</code></a></li>`).join('')}</ul>`;
  const renderType = (label: string, type: Type): string => {
    const schema = schemas[type.name] ?? {};
    const fields = fieldsOf(schema, schemas, [type.name]);
    return `<div class="columns"><div><p class="label">${label}</p>${fields === '' ? '<p>Nothing.</p>' : fields}</div>
      <div><p class="label">Sample</p>${json(sampleOf(schema, schemas, [type.name]))}</div></div>`;
  };
  const client = Object.entries(CLIENT_EVENTS).map(
    ([name, { payload, result, description }]) =>
      `<article id="client-${name}"><h3><code>${name}</code></h3><p>${renderCode(description)} <a href="/docs/protocol#try-${name}">Try it</a></p>
      ${renderType('Payload', payload)}<details><summary>Acknowledged with <code>{ ok: true, data }</code></summary>${renderType('data', result)}</details></article>`,
  );
  const server = Object.entries(SERVER_EVENTS).map(
    ([name, { payload, description, audience }]) =>
      `<article id="server-${name}"><h3><code>${name}</code></h3><p>${renderCode(description)} To ${renderCode(audience)}.</p>${renderType('Payload', payload)}</article>`,
  );
  return page(
    '/docs/async',
    'Parley: socket events',
    `<p>Socket.IO v4, default namespace. The same as <a href="/docs/async-json">AsyncAPI</a>. Every client event takes an
    acknowledgement callback: <code>{ ok: true, data }</code> or <code>{ ok: false, error: { code, message, errors?, retryAfterMs? } }</code>,
    with one of the <a href="/docs/errors">error codes</a>.</p>
    <h2>Client to server</h2>${index(Object.keys(CLIENT_EVENTS), 'client')}${client.join('')}
    <h2>Server to client</h2>${index(Object.keys(SERVER_EVENTS), 'server')}${server.join('')}`,
  );
}

/** GET /docs/protocol: how clients use all this, the payloads, and a place to try them on this server. */
export function protocolPage(schemas: Schemas): string {
  const [, ...guide] = renderMarkdown(protocolText(), linkOf).split('\n');
  const options = Object.keys(CLIENT_EVENTS).map((name) => `<option>${name}</option>`);
  return page(
    '/docs/protocol',
    'The protocol, for authors of clients',
    `<p>Every payload with its fields and a sample is under <a href="/docs/async">Events</a>. <a href="#try">Try them</a> on this server.</p>
    ${guide.join('\n')}
    <h2 id="try">Try it</h2>
    <p>Log in with an account of this server, or make one, and send an event. What comes back, and all that the connection receives, is below.</p>
    <article><form id="login"><div class="row"><label>Username <input name="username" autocomplete="username" required></label>
    <label>Password <input name="password" type="password" autocomplete="current-password" minlength="8" required></label></div>
    <div class="row"><button name="way" value="login">Log in</button><button name="way" value="register">Make an account</button></div></form>
    <p id="state" role="status">Not connected.</p>
    <form id="send"><label>Event <select name="event">${options.join('')}</select></label><p id="what"></p>
    <label>Payload <textarea name="payload" spellcheck="false"></textarea></label><button disabled>Send</button></form>
    <p class="label">Received</p><pre id="log" tabindex="0"></pre></article>
    <script type="application/json" id="samples">${JSON.stringify(samplesOf(schemas)).replaceAll('<', '\\u003c')}</script>
    <script src="/socket.io/socket.io.js"></script><script src="/docs/try.js"></script>`,
  );
}

function samplesOf(schemas: Schemas): Record<string, { description: string; payload: unknown }> {
  return Object.fromEntries(
    Object.entries(CLIENT_EVENTS).map(([name, { payload, description }]) => [
      name,
      { description, payload: sampleOf(schemas[payload.name] ?? {}, schemas, [payload.name]) },
    ]),
  );
}

function protocolText(): string {
  return readFileSync(new URL('../../docs/protocol.md', import.meta.url), 'utf8');
}

/** Where what the guide points to is on a server. */
function linkOf(url: string): string | undefined {
  if (/^(https?:|#)/.test(url)) return url;
  return { 'openapi.json': '/docs-json', 'asyncapi.json': '/docs/async-json' }[url];
}

function json(value: unknown): string {
  return `<pre><code>${escape(JSON.stringify(value, null, 2))}</code></pre>`;
}

/** Deeper than that nobody reads on in one place: what is further down is shown by the sample. */
const MAX_DEPTH = 4;

/** The fields of a schema, each with what is in it, references followed. */
function fieldsOf(schema: Schema, schemas: Schemas, path: readonly string[]): string {
  const { properties, required } = targetOf(schema, schemas);
  if (properties === undefined || path.length > MAX_DEPTH) return '';
  const items = Object.entries(properties).map(([name, field]) => {
    const isOptional = required?.includes(name) !== true;
    const head = `<code>${name}${isOptional ? '?' : ''}</code> <span class="type">${escape(typeOf(field, schemas))}</span>`;
    const note =
      typeof field.description === 'string' ? `<span class="note">${renderCode(field.description)}</span>` : '';
    const inner = innerOf(field, schemas);
    const fields = inner === undefined || path.includes(name) ? '' : fieldsOf(inner, schemas, [...path, name]);
    return fields === ''
      ? `<li>${head}${note}</li>`
      : `<li><details${path.length === 1 ? ' open' : ''}><summary>${head}</summary>${note}${fields}</details></li>`;
  });
  return items.length === 0 ? '' : `<ul class="fields">${items.join('')}</ul>`;
}

function targetOf(schema: Schema, schemas: Schemas): Schema {
  const name = schema.$ref?.replace('#/components/schemas/', '');
  return name === undefined ? schema : (schemas[name] ?? {});
}

/** The one schema that a field's own fields are of, if it has any. */
function innerOf(field: Schema, schemas: Schemas): Schema | undefined {
  if (field.items !== undefined) return innerOf(field.items, schemas);
  const [first] = (field.anyOf ?? []) as Schema[];
  const target = targetOf(first ?? field, schemas);
  return target.properties === undefined ? undefined : target;
}

function typeOf(field: Schema, schemas: Schemas): string {
  if (Array.isArray(field.anyOf)) return (field.anyOf as Schema[]).map((part) => typeOf(part, schemas)).join(' | ');
  if (field.$ref !== undefined) {
    const { enum: values } = targetOf(field, schemas);
    // The list of error codes has a page of its own.
    if (values !== undefined && values.length <= 8) return values.map((value) => JSON.stringify(value)).join(' | ');
    return field.$ref.replace('#/components/schemas/', '');
  }
  if (field.enum !== undefined) return field.enum.map((value) => JSON.stringify(value)).join(' | ');
  const types = [field.type ?? 'anything'].flat().map((type) => {
    if (type === 'array') return `${typeOf(field.items ?? {}, schemas)}[]`;
    return type === 'string' && typeof field.format === 'string' ? field.format : type;
  });
  const bounds = [
    [field.minLength, field.maxLength, 'characters'],
    [field.minimum, field.maximum, ''],
    [undefined, field.maxItems, 'items'],
  ] as const;
  const [bound] = bounds.filter(([least, most]) => least !== undefined || most !== undefined);
  if (bound === undefined) return types.join(' | ');
  const [least, most, of] = bound as [number | undefined, number | undefined, string];
  const range = most === undefined ? `from ${least}` : least === undefined ? `at most ${most}` : `${least} to ${most}`;
  return `${types.join(' | ')}, ${range} ${of}`.trim();
}
