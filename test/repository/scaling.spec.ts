import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { promisify } from 'node:util';
import { expect, it } from '@jest/globals';

it('docs/scaling.md shows what the model comes to', async () => {
  const { stdout } = await promisify(execFile)(process.execPath, ['bench/model/scale.mjs']);
  expect(stdout.split('\n').length).toBeGreaterThan(6);
  expect(readFileSync('docs/scaling.md', 'utf8')).toContain(stdout.trim());
});
