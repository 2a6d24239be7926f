import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import rooms from '../../scripts/rooms.cjs';

const NUMBERS = ['No', 'One', 'Two', 'Three', 'Four', 'Five', 'Six', 'Seven', 'Eight', 'Nine', 'Ten'];

const text = readFileSync('docs/architecture.md', 'utf8');
const [list = '', arrows = ''] = [...text.matchAll(/```\n([^]*?)```/g)].map(([, block = '']) => block);
const sources = everyFile('src').filter((path) => path.endsWith('.ts') && !path.endsWith('.spec.ts'));

describe('docs/architecture.md', () => {
  it('has every room of src in its list and in its arrows', () => {
    const folders = readdirSync('src', { withFileTypes: true }).filter((entry) => entry.isDirectory());
    expect(folders.length).toBeGreaterThan(20);
    for (const { name } of folders) {
      expect(list).toMatch(new RegExp(`^  ${name}/`, 'm'));
      expect(arrows).toMatch(new RegExp(`\\b${name}\\b`));
    }
  });

  it('has every file and folder of a room in its list', () => {
    const missing = readdirSync('src', { withFileTypes: true }).flatMap(({ name, parentPath }) => {
      if (name.endsWith('.spec.ts')) return [];
      if (name.endsWith('.ts')) return list.includes(name) ? [] : [name];
      // Each dialect says its own name, and nobody else does; dto/ is what bodies and queries have to be.
      if (name === 'dialects') return [];
      const room = new RegExp(`^  ${name}/[^]*?(?=^  \\S|$(?![^]))`, 'm').exec(list)?.[0] ?? '';
      return readdirSync(join(parentPath, name), { withFileTypes: true })
        .filter((entry) => entry.isDirectory() && entry.name !== 'dto' && !room.includes(`${entry.name}/`))
        .map((entry) => `${name}/${entry.name}/`);
    });
    expect(missing).toEqual([]);
  });

  it('draws no room above one that knows it', () => {
    const rows = arrows
      .split('\n')
      .filter((line) => !/[│▼↓]/.test(line))
      .map((line) => line.trim().split(/ {3,}/)[0] ?? '');
    const rowOf = (room: string): number => rows.findIndex((row) => new RegExp(`\\b${room}\\b`).test(row));
    for (const [room, known] of Object.entries(rooms.ROOMS))
      for (const other of known) {
        const row = rows[rowOf(room)] ?? '';
        // In one row an arrow leads from one to the other.
        const leads = new RegExp(`\\b${room}\\b[^←]*→[^←]*\\b${other}\\b|\\b${other}\\b[^→]*←[^→]*\\b${room}\\b`);
        const isDrawn = rowOf(other) > rowOf(room) || leads.test(row);
        expect([room, other, isDrawn]).toEqual([room, other, true]);
      }
  });

  it('has every subscriber of a new message in its trace, and counts them', () => {
    const subscribers = sources.filter((path) =>
      /\.subscribe(ToAll)?\(\s*'messages\.created'/.test(readFileSync(path, 'utf8')),
    );
    const step = section('`messages.created`, once for the', 'tunnel');
    const listed = [...step.matchAll(/^ +- `([\w./-]+\.ts)`/gm)].map(([, path]) => `src/${path}`);
    expect(listed.sort()).toEqual(subscribers.sort());
    expect(step).toContain(`${NUMBERS[subscribers.length]} have subscribed`);
  });

  it('has every port in its table', () => {
    const table = [...section('### Ports', '###').matchAll(/^\| `([\w./-]+\.ts)` \|/gm)].map(
      ([, path]) => `src/${path}`,
    );
    const ports = sources.filter((path) => /^export abstract class/m.test(readFileSync(path, 'utf8')));
    expect(ports.length).toBeGreaterThan(0);
    expect(table).toEqual(expect.arrayContaining(ports));
    expect(table.filter((path) => !existsSync(path))).toEqual([]);
  });

  it('has every place outside of repositories where a statement stands', () => {
    const places = sources.filter(
      (path) =>
        !path.startsWith('src/database/') &&
        !path.endsWith('.repository.ts') &&
        /\.(query|queryAtomically)\s*[<(]/.test(readFileSync(path, 'utf8')),
    );
    const rule = section('- Statements stand in', '\n- ');
    const listed = [...rule.matchAll(/`(\w+\/[\w./-]+\.ts)`/g)].map(([, path]) => `src/${path}`);
    expect(listed.sort()).toEqual(places.sort());
    expect(rule).toContain(`${NUMBERS[places.length]?.toLowerCase()} places`);
  });
});

/** What stands from one text on to the next one. */
function section(from: string, to: string): string {
  const start = text.indexOf(from);
  const end = text.indexOf(to, start + from.length);
  if (start < 0 || end < 0) throw new Error(`docs/architecture.md has no part from "${from}" to "${to}"`);
  return text.slice(start, end);
}

function everyFile(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    return entry.isDirectory() ? everyFile(path) : [path];
  });
}
