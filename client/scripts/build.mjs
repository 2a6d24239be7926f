// Compiles src twice, module for module, so that a bundler sees every seam: dist/esm for import, dist/cjs for require
// and React Native, each with the types of its kind. With --modules only dist/esm, without types, in a moment: what programs
// of this repository import.
import { spawnSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../', import.meta.url));
const dist = join(root, 'dist');
const draft = join(root, `dist.${process.pid}`);
const compiler = join(dirname(createRequire(import.meta.url).resolve('typescript/package.json')), 'bin', 'tsc');

if (process.argv.includes('--modules')) compile(dist, 'esm', ['--noCheck', '--declaration', 'false']);
else {
  // Beside the old one, which goes when the new one is whole: programs of this repository may be importing it.
  try {
    compile(draft, 'esm', []);
    compile(draft, 'cjs', ['--module', 'commonjs', '--moduleResolution', 'bundler']);
    if (existsSync(dist)) renameSync(dist, `${draft}.old`);
    renameSync(draft, dist);
  } finally {
    for (const folder of [draft, `${draft}.old`]) rmSync(folder, { recursive: true, force: true });
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
