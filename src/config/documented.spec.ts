import { expect, it } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { Configuration } from './configuration.js';
import { WORKER_VARIABLE } from './worker-place.js';

/** Every variable that a start reads, in production with S3 and mail. */
function variables(): string[] {
  const names = new Set<string>();
  const environment: Record<string, string> = {
    NODE_ENV: 'production',
    DATABASE_URL: 'postgresql://db/parley',
    JWT_SECRET: 'f0b9 long enough for this test, and no placeholder',
    SMTP_URL: 'smtp://mail',
    MAIL_FROM: 'a@example.com',
    S3_BUCKET: 'files',
  };
  Configuration.fromEnvironment(
    new Proxy(environment, {
      get: (target, name: string) => {
        names.add(name);
        return target[name];
      },
    }),
  );
  // What a process says to those that it starts is nobody's setting.
  names.delete(WORKER_VARIABLE);
  return [...names].sort();
}

it('every variable that is read is in the documents and in .env.example', () => {
  const [operations, example] = ['docs/operations.md', '.env.example'].map((path) => readFileSync(path, 'utf8'));
  for (const name of variables()) {
    expect(operations).toContain(`\`${name}\``);
    expect(example).toMatch(new RegExp(`^# ${name}=`, 'm'));
  }
});

it.each([
  ['compose.yaml', /^ {4}environment:\n((?: {6}.*\n)+)/m],
  // Of each server its own name, and what is the same for all.
  ['compose.cluster.yaml', /^x-environment: &environment\n((?: {2}.*\n)+)/m],
])('every variable that is read reaches the servers of %s', (path, block) => {
  const compose = readFileSync(path, 'utf8');
  const [, environment = ''] = block.exec(compose) ?? [];
  const names = [...environment.matchAll(/^ +([A-Z0-9_]+):/gm)].map(([, name]) => name);
  const passed = new Set(names);
  // A name that stands there twice makes the file invalid.
  expect(names).toHaveLength(passed.size);
  // What the image itself says: where it keeps files, that it listens on all addresses, and that this is production.
  const fixed = new Set(['DATA_DIR', 'HOST', 'NODE_ENV']);
  if (/^ +NODE_NAME: \w/m.test(compose)) fixed.add('NODE_NAME');
  expect(variables().filter((name) => !passed.has(name) && !fixed.has(name))).toEqual([]);
});
