import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from '@jest/globals';

const NOT_OURS = /^(node_modules|dist|data|\.git|generated)$/;
const SOURCE =
  /\.(ts|tsx|mjs|cjs|sql|yaml|yml|json|prisma|html|css|conf|cfg|service|example)$|(Caddyfile|Dockerfile|\.ci\/run)$/;
/** What documents name and others keep: in the service of a provider, or in another program. */
const ELSEWHERE = new Set(['google-services.json', 'AUTH_SECRET']);

const files = everyFile('.');
const documents = files
  // What a release was like is no claim about this one.
  .filter((path) => path.endsWith('.md') && path !== 'CHANGELOG.md')
  .map((path) => ({ path, text: readFileSync(path, 'utf8') }));
const sources = files
  .filter((path) => SOURCE.test(path) && !path.endsWith('package-lock.json') && !path.endsWith('references.spec.ts'))
  .map((path) => readFileSync(path, 'utf8'))
  .join('\n');

describe('the repository that the documents describe', () => {
  it('has every file and folder', () => {
    const isFile = /^[\w@][\w@./-]*\.(ts|tsx|mjs|cjs|js|sql|md|yaml|yml|json|prisma|cfg|conf|sha256|service)$/;
    const isFolder = /^[\w@][\w@.-]*(\/[\w@.-]+)*\/$/;
    const paths = named().filter(({ name }) => isFile.test(name) || isFolder.test(name));
    expect(paths.length).toBeGreaterThan(100);
    expect(missing(paths, ({ document, name }) => isThere(document, name))).toEqual([]);
  });

  it('has every document that a source refers to', () => {
    const names = new Set(
      [...sources.matchAll(/\bdocs\/[\w/-]+(\.md|(?<=docs\/adr\/\d{4}))(?![\w-])/g)].map(([name]) => name),
    );
    expect(names.size).toBeGreaterThan(10);
    // A decision by its number alone, and what the package has for itself.
    const places = (name: string): string[] => [name, `client/${name}`];
    const isDocument = (path: string, name: string): boolean =>
      places(name).includes(path) || (path.startsWith(`${name}-`) && name.startsWith('docs/adr/'));
    expect([...names].filter((name) => !files.some((path) => isDocument(path, name)))).toEqual([]);
  });

  it('has every link and its heading', () => {
    const links = documents.flatMap(({ path, text }) =>
      [...text.matchAll(/\]\((?!https?:|mailto:)([^)\s]+)\)/g)].map(([, name = '']) => ({ document: path, name })),
    );
    expect(links.length).toBeGreaterThan(100);
    expect(
      missing(links, ({ document, name }) => {
        const [path = '', heading] = name.split('#');
        const target = path === '' ? document : join(dirname(document), path);
        if (!existsSync(target)) return false;
        return heading === undefined || !target.endsWith('.md') || headings(target).includes(heading);
      }),
    ).toEqual([]);
  });

  it('has every setting, code and metric', () => {
    const names = [...named(), ...assigned()].filter(({ name }) =>
      /^([A-Z][A-Z0-9]*(_[A-Z0-9]+)+|parley_\w+)$/.test(name),
    );
    expect(names.length).toBeGreaterThan(100);
    expect(missing(names, ({ name }) => new RegExp(`\\b${name}`).test(sources))).toEqual([]);
  });

  it('shows no metric that docs/operations/monitoring.md leaves out', () => {
    const page = readFileSync('docs/operations/monitoring.md', 'utf8');
    const shown = files
      .filter((path) => path.startsWith('src/') && path.endsWith('.ts') && !path.endsWith('.spec.ts'))
      .flatMap((path) => [...readFileSync(path, 'utf8').matchAll(/'(parley_[a-z_]+)'/g)].map(([, name = '']) => name));
    expect(shown.length).toBeGreaterThan(20);
    expect(shown.filter((name) => !page.includes(`\`${name}\``))).toEqual([]);
  });

  it('has no folder of tests that CONTRIBUTING.md leaves out', () => {
    const guide = readFileSync('CONTRIBUTING.md', 'utf8');
    const folders = readdirSync('test', { withFileTypes: true }).filter((entry) => entry.isDirectory());
    const [, line = ''] = /roots: \[([^\]]+)\]/.exec(readFileSync('jest.config.mjs', 'utf8')) ?? [];
    const roots = [...line.matchAll(/<rootDir>\/([\w/]+)/g)].map(([, root]) => root);
    expect(roots).toContain('src');
    const places = [...folders.map(({ name }) => `test/${name}`), ...roots.filter((root) => root !== 'test')];
    expect(places.filter((place) => !guide.includes(`\`${place}/\``))).toEqual([]);
  });

  it('has every script', () => {
    const scripts = new Set(
      files
        .filter((path) => path.endsWith('package.json'))
        .flatMap((path) => Object.keys((JSON.parse(readFileSync(path, 'utf8')) as { scripts?: object }).scripts ?? {})),
    );
    const calls = documents.flatMap(({ path, text }) =>
      [...text.matchAll(/npm run (?:--silent |-s )?([\w:-]+)/g)].map(([, name = '']) => ({ document: path, name })),
    );
    expect(calls.length).toBeGreaterThan(20);
    expect(missing(calls, ({ name }) => scripts.has(name))).toEqual([]);
  });

  it('has every route, but for those of dialects and in decisions', () => {
    const { paths } = JSON.parse(readFileSync('docs/openapi.json', 'utf8')) as { paths: Record<string, object> };
    const routes = Object.entries(paths).flatMap(([path, operations]) =>
      Object.keys(operations).map((method) => segments(`${method.toUpperCase()} ${path}`)),
    );
    // It is for operators, and no part of the API.
    routes.push(segments('GET /metrics'));
    const calls = named().filter(
      ({ document, name }) => /^(GET|POST|PUT|PATCH|DELETE) \//.test(name) && !/^docs\/(protocol|adr)\//.test(document),
    );
    expect(calls.length).toBeGreaterThan(30);
    expect(missing(calls, ({ name }) => routes.some((route) => isSameRoute(route, segments(name))))).toEqual([]);
  });
});

interface Reference {
  document: string;
  name: string;
}

/** What stands in backticks, but for blocks of code. */
function named(): Reference[] {
  return documents.flatMap(({ path, text }) =>
    [...text.replaceAll(/```[^]*?```/g, '').matchAll(/`([^`\n]+)`/g)].map(([, name = '']) => ({
      document: path,
      name,
    })),
  );
}

/** What blocks of code set in the environment. */
function assigned(): Reference[] {
  return documents.flatMap(({ path, text }) =>
    [...text.matchAll(/```[^]*?```/g)].flatMap(([block]) =>
      [...block.matchAll(/(?<![\w?&-])([A-Z][A-Z0-9]*_[A-Z0-9_]+)=/g)].map(([, name = '']) => ({
        document: path,
        name,
      })),
    ),
  );
}

function missing(references: Reference[], isKnown: (reference: Reference) => boolean): string[] {
  return references
    .filter((reference) => !ELSEWHERE.has(reference.name) && !isKnown(reference))
    .map(({ document, name }) => `${document}: ${name}`);
}

/** From the root, from the document, or by the end of its path, as texts about one room name it. */
function isThere(document: string, name: string): boolean {
  const path = name.replace(/\/$/, '');
  return (
    existsSync(path) ||
    existsSync(join(dirname(document), path)) ||
    files.some((file) => `/${file}`.endsWith(`/${path}`) || (name.endsWith('/') && `/${file}`.includes(`/${path}/`)))
  );
}

function headings(path: string): string[] {
  return [...readFileSync(path, 'utf8').matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) =>
    heading
      .trim()
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
      .replaceAll(/\s/g, '-'),
  );
}

function segments(route: string): string[] {
  return route
    .replace(/[?#].*$/, '')
    .replace(/(?<=\/\S*) .*$/, '')
    .split('/');
}

/** A parameter is what stands in its place, whatever that is. */
function isSameRoute(route: string[], call: string[]): boolean {
  return (
    route.length === call.length &&
    route.every((segment, index) => segment === call[index] || segment.startsWith('{') || call[index] === '…')
  );
}

function everyFile(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    if (NOT_OURS.test(entry.name)) return [];
    const path = join(folder, entry.name);
    return entry.isDirectory() ? everyFile(path) : entry.isFile() ? [path] : [];
  });
}
