import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import type { IncomingMessage } from 'node:http';
import { extname, join, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import Negotiator from 'negotiator';

const TYPES: Readonly<Record<string, string>> = {
  '.css': 'text/css; charset=utf-8',
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.json': 'application/json; charset=utf-8',
  '.png': 'image/png',
  '.svg': 'image/svg+xml',
  '.webmanifest': 'application/manifest+json; charset=utf-8',
};
/** Compressed when the page was built, the better one first. */
const ENCODINGS = [
  ['br', '.br'],
  ['gzip', '.gz'],
] as const;
/** Beside the files themselves, the places in the page that have a URL: the page itself is shown there. */
const PLACES = /^\/(?:(?:people|settings|new|admin)\/?|c\/[\w-]{1,64}(?:\/(?:\d{1,10}\/?)?)?)?$/;

type Encoding = (typeof ENCODINGS)[number][0];

export interface PageFile {
  readonly type: string;
  readonly etag: string;
  /** Its name holds a hash of its content. */
  readonly isImmutable: boolean;
  readonly content: Buffer;
  readonly encoded: ReadonlyMap<Encoding, Buffer>;
}

/** The built page, in memory: some hundred kilobytes that never change while the process runs. */
export class PageFiles {
  private constructor(private readonly files: ReadonlyMap<string, PageFile>) {}

  /** Undefined where the page was not built. */
  static load(directory = fileURLToPath(new URL('../../web/dist', import.meta.url))): PageFiles | undefined {
    if (!existsSync(join(directory, 'index.html'))) return undefined;
    const files = new Map<string, PageFile>();
    for (const entry of readdirSync(directory, { recursive: true, withFileTypes: true })) {
      const type = TYPES[extname(entry.name)];
      if (!entry.isFile() || type === undefined) continue;
      const path = join(entry.parentPath, entry.name);
      const url = `/${relative(directory, path).split(sep).join('/')}`;
      files.set(url, pageFile(path, type, url.startsWith('/assets/')));
    }
    return new PageFiles(files);
  }

  /** What is shown at a path. Undefined where the page has nothing there: then it is the API's. */
  find(path: string): PageFile | undefined {
    return this.files.get(path) ?? (PLACES.test(path) ? this.files.get('/index.html') : undefined);
  }
}

/** The smallest form of a file that the client takes; undefined is the file as it is. */
export function encodingFor(
  { encoded }: Pick<PageFile, 'encoded'>,
  request: Pick<IncomingMessage, 'headers'>,
): Encoding | undefined {
  const accepted = new Negotiator(request).encodings(ENCODINGS.map(([name]) => name));
  return ENCODINGS.map(([name]) => name).find((name) => accepted.includes(name) && encoded.has(name));
}

function pageFile(path: string, type: string, isImmutable: boolean): PageFile {
  const content = readFileSync(path);
  const encoded = new Map<Encoding, Buffer>();
  for (const [name, suffix] of ENCODINGS) if (existsSync(path + suffix)) encoded.set(name, readFileSync(path + suffix));
  const hash = createHash('sha256').update(content).digest('base64url').slice(0, 22);
  return { type, etag: `"${hash}"`, isImmutable, content, encoded };
}
