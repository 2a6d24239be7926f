import { describe, expect, it } from '@jest/globals';
import { build } from 'esbuild';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';

const MAX_HOOKS_BYTES = 2_048;

describe('the hooks', () => {
  it('weigh at most 2 kB compressed, and import nothing but React', async () => {
    const result = await build({
      entryPoints: [fileURLToPath(new URL('../../src/react/index.ts', import.meta.url))],
      bundle: true,
      minify: true,
      write: false,
      metafile: true,
      format: 'esm',
      target: 'es2022',
      external: ['react'],
    });
    const [output] = result.outputFiles;
    expect(gzipSync(output?.contents ?? '', { level: 9 }).length).toBeLessThanOrEqual(MAX_HOOKS_BYTES);
    const [meta] = Object.values(result.metafile.outputs);
    expect(new Set(meta?.imports.map(({ path }) => path))).toEqual(new Set(['react']));
  });
});
