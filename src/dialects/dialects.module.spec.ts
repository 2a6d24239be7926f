import { readdirSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import * as dialects from './dialects.js';
import { enabledDialects } from './dialects.module.js';
import type { DialectModule } from './transport/dialect-module.js';

const all: DialectModule[] = Object.values(dialects);
const names = (dialects: 'all' | string[], socketDialect?: string, known = all): string[] =>
  enabledDialects({ dialects, socketDialect }, known).map(({ dialect }) => dialect.name);

describe('which dialects are switched on', () => {
  it('is one for each folder, by the folder’s name', () => {
    const folders = readdirSync('src/dialects', { withFileTypes: true }).filter(
      (entry) => entry.isDirectory() && entry.name !== 'transport',
    );
    expect(names('all').toSorted()).toEqual(folders.map(({ name }) => name).toSorted());
  });

  it('is all, none or those that are named', () => {
    const [first = '', second = ''] = names('all');
    expect(names([])).toEqual([]);
    expect(names([second])).toEqual([second]);
    expect(names([second, first]).toSorted()).toEqual([first, second].toSorted());
  });

  it.each(all.map(({ dialect }) => dialect.name))('does not know %s any more once it is deleted', (name) => {
    const left = all.filter(({ dialect }) => dialect.name !== name);
    expect(names('all', undefined, left)).not.toContain(name);
    expect(() => names([name], undefined, left)).toThrow(`DIALECTS must be all, none, or some of `);
    expect(() => names('all', name, left)).toThrow(`SOCKET_DIALECT must be parley`);
  });

  it('is the same whether Parley is named as the default or no dialect is', () => {
    expect(names('all', 'parley')).toEqual(names('all'));
  });

  it('refuses a default that no Socket.IO client could choose', () => {
    for (const { dialect } of all) {
      if (dialect.transport === 'Socket.IO') {
        expect(names('all', dialect.name)).toContain(dialect.name);
        expect(() => names([], dialect.name)).toThrow('SOCKET_DIALECT must be parley, not');
      } else expect(() => names('all', dialect.name)).toThrow('SOCKET_DIALECT must be parley or ');
    }
  });
});
