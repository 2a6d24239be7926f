import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

const SCRIPT = join(process.cwd(), 'scripts', 'check-rules.mjs');

describe('the rules of the house', () => {
  let checkout: string;
  beforeAll(() => {
    checkout = mkdtempSync(join(tmpdir(), 'parley-rules-'));
    for (const folder of ['src/dialects', 'client/src', 'scripts'])
      mkdirSync(join(checkout, folder), { recursive: true });
  });
  afterAll(() => rmSync(checkout, { recursive: true, force: true }));

  it('take tests of 600 lines in a file, and name each file that has more', () => {
    const paths = [
      'src/some/room.spec.ts',
      'client/test/some/part.spec.ts',
      'web/src/some/view.spec.tsx',
      'test/stories/some/story.spec.ts',
      'examples/app/test/app.test.tsx',
    ];
    const check = (lines: number): unknown => {
      for (const path of paths) {
        mkdirSync(dirname(join(checkout, path)), { recursive: true });
        writeFileSync(join(checkout, path), '// one more line\n'.repeat(lines));
      }
      const { status, stderr } = spawnSync(process.execPath, [SCRIPT], { cwd: checkout, encoding: 'utf8' });
      return { status, stderr };
    };
    expect(check(600)).toEqual({ status: 0, stderr: '' });
    const named = paths.map((path) => `${path}:600: a file of tests has 600 lines at the most: split it by subject\n`);
    expect(check(601)).toEqual({ status: 1, stderr: named.join('') });
  });
});
