// Compiles src twice, module for module, so that a bundler sees every seam: dist/esm for import, dist/cjs for require
// and React Native, each with the types of its kind. With --modules only dist/esm, without types, in a moment: what programs
// of this repository import.
import { spawnSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../', import.meta.url));
const dist = join(root, 'dist');
const compiler = join(dirname(createRequire(import.meta.url).resolve('typescript/package.json')), 'bin', 'tsc');

if (process.argv.includes('--modules')) compile('esm', ['--noCheck', '--declaration', 'false']);
else {
  rmSync(dist, { recursive: true, force: true });
  compile('esm', []);
  compile('cjs', ['--module', 'commonjs', '--moduleResolution', 'bundler']);
}

function compile(format, options) {
  const folder = join(dist, format);
  mkdirSync(folder, { recursive: true });
  // What the files of this folder are, whatever the package around them says.
  const type = format === 'esm' ? 'module' : 'commonjs';
  writeFileSync(join(folder, 'package.json'), `${JSON.stringify({ type, sideEffects: false })}\n`);
  const parameters = [compiler, '-p', 'tsconfig.build.json', '--outDir', folder, ...options];
  const { status } = spawnSync(process.execPath, parameters, { cwd: root, stdio: 'inherit' });
  if (status !== 0) process.exit(status ?? 1);
}
