import { ERRORS, STATUS_OF_CATEGORY } from '../common/errors.js';
import { CLIENT_EVENTS } from '../realtime/protocol/client-events.js';
import { SERVER_EVENTS } from '../realtime/protocol/server-events.js';

const STYLE = `body{font:15px/1.5 system-ui,sans-serif;max-width:62rem;margin:2rem auto;padding:0 1rem;color:#1c2330}
h2{margin-top:2.5rem}table{border-collapse:collapse;width:100%}td,th{border-bottom:1px solid #d8dde6;padding:.4rem;text-align:left;vertical-align:top}
code,pre{font-family:ui-monospace,monospace;font-size:.9em}pre{background:#f4f6f9;padding:.8rem;overflow:auto;border-radius:6px}`;

function page(title: string, body: string): string {
  return `<!doctype html><html lang="en"><meta charset="utf-8"><title>${escape(title)}</title><style>${STYLE}</style><h1>${escape(title)}</h1>${body}</html>`;
}

function escape(text: string): string {
  return text.replace(/[&<>"]/g, (character) => `&#${character.charCodeAt(0)};`);
}

/** GET /docs/errors: every code. `type` of a problem points into it. */
export function errorsPage(): string {
  const rows = Object.entries(ERRORS).map(
    ([code, { category, message }]) =>
      `<tr id="${code}"><td><code>${code}</code></td><td>${STATUS_OF_CATEGORY[category]}</td><td>${escape(message)}</td></tr>`,
  );
  return page('Parley: error codes', `<table><tr><th>Code<th>Status<th>Meaning</tr>${rows.join('')}</table>`);
}

/** GET /docs/async: every socket event with its schemas. */
export function eventsPage(schemas: Readonly<Record<string, unknown>>): string {
  const schema = (name: string): string =>
    `<details><summary><code>${name}</code></summary><pre>${escape(JSON.stringify(schemas[name] ?? {}, null, 2))}</pre></details>`;
  const client = Object.entries(CLIENT_EVENTS).map(
    ([name, { payload, result, description }]) =>
      `<tr id="${name}"><td><code>${name}</code></td><td>${escape(description)}</td><td>${schema(payload.name)}</td><td>${schema(result.name)}</td></tr>`,
  );
  const server = Object.entries(SERVER_EVENTS).map(
    ([name, { payload, description, audience }]) =>
      `<tr id="${name}"><td><code>${name}</code></td><td>${escape(description)}</td><td>${schema(payload.name)}</td><td>${escape(audience)}</td></tr>`,
  );
  return page(
    'Parley: socket events',
    `<p>Socket.IO v4, default namespace. The same as <a href="/docs/async-json">AsyncAPI</a>; REST is at <a href="/docs">/docs</a>, error codes at
    <a href="/docs/errors">/docs/errors</a>. Every client event takes an acknowledgement callback: <code>{ ok: true, data }</code> or
    <code>{ ok: false, error: { code, message, errors?, retryAfterMs? } }</code>.</p>
    <h2>Client to server</h2><table><tr><th>Event<th>What it does<th>Payload<th>Acknowledged with</tr>${client.join('')}</table>
    <h2>Server to client</h2><table><tr><th>Event<th>What it says<th>Payload<th>To</tr>${server.join('')}</table>`,
  );
}
