// Compiles src twice, module for module, so that a bundler sees every seam: dist/esm for import, dist/cjs for require
// and React Native, each with the types of its kind; and makes a folder for each entry, for tools that do not read `exports`.
// With --modules only dist/esm, without types, in a moment: what programs of this repository import. With --if-changed nothing,
// where dist is whole and of this very source.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { createRequire } from 'node:module';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, relative, sep } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../', import.meta.url));
const dist = join(root, 'dist');
const draft = join(root, `dist.${process.pid}`);
const compiler = join(dirname(createRequire(import.meta.url).resolve('typescript/package.json')), 'bin', 'tsc');

const CONFIGURATION = ['package.json', 'tsconfig.json', 'tsconfig.build.json'];

// Beside the folders that are published.
const stamp = join(dist, '.whole');

if (process.argv.includes('--modules')) compile(dist, 'esm', ['--noCheck', '--declaration', 'false']);
else if (!process.argv.includes('--if-changed') || !existsSync(stamp) || readFileSync(stamp, 'utf8') !== source()) {
  const made = source();
  // Beside the old one, which goes when the new one is whole: programs of this repository may be importing it.
  try {
    compile(draft, 'esm', []);
    // The same source, which was checked just now.
    compile(draft, 'cjs', ['--module', 'commonjs', '--moduleResolution', 'bundler', '--noCheck']);
    writeFileSync(join(draft, '.whole'), made);
    if (existsSync(dist)) renameSync(dist, `${draft}.old`);
    renameSync(draft, dist);
    writeFolders();
  } finally {
    for (const folder of [draft, `${draft}.old`]) rmSync(folder, { recursive: true, force: true });
  }
}

/** All that decides what is built. */
function source() {
  const sum = createHash('sha256')
    .update(compiler)
    .update(readFileSync(fileURLToPath(import.meta.url)));
  const files = readdirSync(join(root, 'src'), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath ?? entry.path, entry.name));
  for (const path of [...CONFIGURATION.map((name) => join(root, name)), ...files.sort()])
    sum.update(path).update('\0').update(readFileSync(path));
  return sum.digest('hex');
}

/** What `exports` says, once more for tools that do not read it (Parcel and Metro as many have them, older ones). */
function writeFolders() {
  const { exports } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  for (const [path, { import: esm, require: cjs }] of Object.entries(exports)) {
    if (path === '.' || cjs === undefined) continue;
    const folder = join(root, path);
    const from = (file) => relative(folder, join(root, file)).split(sep).join('/');
    mkdirSync(folder, { recursive: true });
    const content = { main: from(cjs.default), module: from(esm.default), types: from(cjs.types), sideEffects: false };
    writeFileSync(join(folder, 'package.json'), `${JSON.stringify(content, undefined, 2)}\n`);
  }
}

function compile(parent, format, options) {
  const folder = join(parent, format);
  mkdirSync(folder, { recursive: true });
  // What the files of this folder are, whatever the package around them says.
  const type = format === 'esm' ? 'module' : 'commonjs';
  writeFileSync(join(folder, 'package.json'), `${JSON.stringify({ type, sideEffects: false })}\n`);
  const parameters = [compiler, '-p', 'tsconfig.build.json', '--outDir', folder, ...options];
  const { status } = spawnSync(process.execPath, parameters, { cwd: root, stdio: 'inherit' });
  if (status !== 0) throw new Error(`the compiler ended with ${status}`);
}
