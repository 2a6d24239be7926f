import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { expect, it } from '@jest/globals';
import { build } from 'esbuild';

/** What it weighs today, and no more. The aim is 13 kB: whoever makes it lighter lowers these. */
const MAX_FIRST_LOAD_BYTES = 27_000;
/** With all that is loaded when it is needed: Socket.IO's own client, where no WebSocket comes through. */
const MAX_WHOLE_BYTES = 40_500;

/** The script of an app that imports `createClient`, compressed: what its page loads first, and with what may follow. */
async function weigh(): Promise<{ first: number; whole: number; modules: string[] }> {
  const { outputFiles, metafile } = await build({
    stdin: {
      contents: `export { createClient } from './index.js';`,
      resolveDir: fileURLToPath(new URL('../../src/', import.meta.url)),
    },
    bundle: true,
    splitting: true,
    minify: true,
    write: false,
    outdir: 'out',
    metafile: true,
    format: 'esm',
    platform: 'browser',
    target: 'es2022',
  });
  const entry = Object.keys(metafile.outputs).find((path) => metafile.outputs[path]?.entryPoint === '<stdin>');
  const first = new Set<string>();
  const load = (path: string): void => {
    if (first.has(path)) return;
    first.add(path);
    for (const { path: next, kind } of metafile.outputs[path]?.imports ?? [])
      if (kind === 'import-statement') load(next);
  };
  load(entry as string);
  const sizes = outputFiles.map(({ path, contents }) => ({
    isFirst: [...first].some((one) => path.endsWith(one)),
    bytes: gzipSync(contents, { level: 9 }).length,
  }));
  const sum = (some: typeof sizes): number => some.reduce((total, { bytes }) => total + bytes, 0);
  return {
    first: sum(sizes.filter(({ isFirst }) => isFirst)),
    whole: sum(sizes),
    modules: [...first].flatMap((path) => Object.keys(metafile.outputs[path]?.inputs ?? {})),
  };
}

it('does not grow beyond its budget, in what a page loads first and in all', async () => {
  const { first, whole, modules } = await weigh();
  expect(first).toBeLessThanOrEqual(MAX_FIRST_LOAD_BYTES);
  expect(whole).toBeLessThanOrEqual(MAX_WHOLE_BYTES);
  expect(modules.filter((path) => path.includes('node_modules'))).toEqual([]);
}, 60_000);
