import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import fresh from 'fresh';
import Negotiator from 'negotiator';

/** What pages load from the server that they connect to, as Socket.IO's own documentation has it. */
const FILE = /^\/socket\.io\/(socket\.io(?:\.esm|\.msgpack)?(?:\.min)?\.js(?:\.map)?)(?:\?|$)/;
const FOLDER = join(dirname(createRequire(import.meta.url).resolve('socket.io/package.json')), 'client-dist');
const CACHE_CONTROL = 'public, max-age=3600';

interface ClientFile {
  plain: Buffer;
  compressed: Buffer;
  etag: string;
}

/** By name; undefined where Socket.IO has none of that name. Each is read and compressed once. */
const files = new Map<string, Promise<ClientFile | undefined>>();

/** The name of the client's file that is asked for; undefined: the request is for something else. */
export function clientFileOf({ method, url = '' }: IncomingMessage): string | undefined {
  return method === 'GET' || method === 'HEAD' ? FILE.exec(url)?.[1] : undefined;
}

/** Answers with Socket.IO's client, to pages of any origin: it is public, and nobody's in particular. */
export async function serveClientFile(name: string, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const file = await fileOf(name);
  if (file === undefined) {
    response.writeHead(404).end();
    return;
  }
  const acceptsGzip = new Negotiator(request).encoding(['gzip']) !== undefined;
  const body = acceptsGzip ? file.compressed : file.plain;
  response.removeHeader('Access-Control-Allow-Credentials');
  const headers = {
    'Access-Control-Allow-Origin': '*',
    'Cross-Origin-Resource-Policy': 'cross-origin',
    'X-Content-Type-Options': 'nosniff',
    'Cache-Control': CACHE_CONTROL,
    ETag: file.etag,
    Vary: 'Accept-Encoding',
  };
  // Nothing of a file changes under its name: also who asks for the newest has it.
  if (fresh({ 'if-none-match': request.headers['if-none-match'] }, { etag: file.etag })) {
    response.writeHead(304, headers).end();
    return;
  }
  response.writeHead(200, {
    ...headers,
    'Content-Type': name.endsWith('.map') ? 'application/json; charset=utf-8' : 'text/javascript; charset=utf-8',
    'Content-Length': body.length,
    ...(acceptsGzip ? { 'Content-Encoding': 'gzip' } : {}),
  });
  response.end(request.method === 'HEAD' ? undefined : body);
}

function fileOf(name: string): Promise<ClientFile | undefined> {
  const known = files.get(name);
  if (known !== undefined) return known;
  const reading = read(name).catch(() => undefined);
  files.set(name, reading);
  return reading;
}

async function read(name: string): Promise<ClientFile> {
  const plain = await readFile(join(FOLDER, name));
  const compressed = (await promisify(gzip)(plain)) as Buffer;
  return { plain, compressed, etag: `"${createHash('sha256').update(plain).digest('base64url').slice(0, 22)}"` };
}
