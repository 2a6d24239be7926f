import { describe, expect, it } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const read = (path: string): string => readFileSync(fileURLToPath(new URL(path, import.meta.url)), 'utf8');

describe('the page of what can go wrong', () => {
  const rows = read('../../docs/what-can-go-wrong.md')
    .split('\n')
    .flatMap((line) => [...line.matchAll(/\| `([^`]+)` › (.*) \|$/g)])
    .map(([, file = '', title = '']) => ({ file, title }));

  it('names tests that there are', () => {
    expect(rows.length).toBeGreaterThan(24);
    // A title stands in quotes, alone.
    const missing = rows.filter(({ file, title }) => {
      const source = read(`../${file}`);
      return !["'", '"', '`'].some((quote) => source.includes(`${quote}${title}${quote}`));
    });
    expect(missing).toEqual([]);
  });
});
