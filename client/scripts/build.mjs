// Compiles src twice, module for module, so that a bundler sees every seam: dist/esm for import, dist/cjs for require
// and React Native, each with the types of its kind. With --modules only dist/esm, without types, in a moment: what programs
// of this repository import. With --if-changed nothing, where dist is whole and of this very source.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { createRequire } from 'node:module';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../', import.meta.url));
const dist = join(root, 'dist');
const draft = join(root, `dist.${process.pid}`);
const compiler = join(dirname(createRequire(import.meta.url).resolve('typescript/package.json')), 'bin', 'tsc');

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
  for (const path of [join(root, 'tsconfig.json'), join(root, 'tsconfig.build.json'), ...files.sort()])
    sum.update(path).update('\0').update(readFileSync(path));
  return sum.digest('hex');
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
