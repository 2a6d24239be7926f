import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from '@jest/globals';

const SOURCES = fileURLToPath(new URL('../../../web/src', import.meta.url));
const textOf = (path: string): string => readFileSync(join(SOURCES, path), 'utf8');

describe('the icons of the page that are fetched later', () => {
  it('are imported by each part that names one', () => {
    const names = [...textOf('design/more-paths.ts').matchAll(/^ {2}(\w+):/gm)].map(([, name]) => name);
    expect(names.length).toBeGreaterThan(8);
    const naming = new RegExp(`(?:<Icon |icon|Icon|items\\.push|\\? \\[|: \\[).*['"](?:${names.join('|')})['"]`);
    const parts = readdirSync(SOURCES, { recursive: true, encoding: 'utf8' }).filter(
      (path) => path.endsWith('.tsx') && naming.test(textOf(path)),
    );
    expect(parts.length).toBeGreaterThan(8);
    expect(parts.filter((path) => !textOf(path).includes("/more-icons.js';"))).toEqual([]);
  });
});
