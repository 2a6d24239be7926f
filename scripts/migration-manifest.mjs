// Holds the migrations that have landed to what they were: data made by one text never meets another.
//   node scripts/migration-manifest.mjs            checks, and fails with a line for each difference
//   node scripts/migration-manifest.mjs --record   adds what is new (npm run migrate -- record)
// prisma/migrations/landed.sha256 is in the form of sha256sum. A line `# release 1.2.0: 5 migrations, up to NAME` closes
// what was released: nothing is added before its end.
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { fileURLToPath, pathToFileURL } from 'node:url';

const MIGRATIONS = fileURLToPath(new URL('../prisma/migrations/', import.meta.url));

/** What is wrong, a line each. */
export function differences(directory = MIGRATIONS) {
  const { landed, releases } = readManifest(directory);
  const present = hashes(directory);
  const found = [];
  for (const [name, hash] of landed) {
    if (!present.has(name)) found.push(`migration ${name} has landed and is missing: restore it`);
    else if (present.get(name) !== hash)
      found.push(`migration ${name} was edited after it had landed: restore it and put the change into a new one`);
  }
  for (const name of present.keys())
    if (!landed.has(name)) found.push(`migration ${name} is not in landed.sha256: npm run migrate -- record`);
  for (const { version, count, last } of releases) {
    const before = [...present.keys()].filter((name) => name <= last);
    if (before.length > count)
      found.push(
        `${before.length} migrations lie before the end of release ${version}, which has ${count}: give new ones a later time`,
      );
  }
  return found;
}

export function record(directory = MIGRATIONS) {
  const { landed, releases, lines } = readManifest(directory);
  const added = [...hashes(directory)].filter(([name]) => !landed.has(name));
  const newest =
    releases
      .map(({ last }) => last)
      .sort()
      .at(-1) ?? '';
  for (const [name] of added)
    if (name < newest)
      throw new Error(`migration ${name} lies before ${newest}, which was released: give it a later time`);
  const comments = lines.filter((line) => line.startsWith('#'));
  const entries = [...landed, ...added].sort(([a], [b]) => (a < b ? -1 : 1));
  const content = [...comments, ...entries.map(([name, hash]) => `${hash}  ${name}/migration.sql`)];
  writeFileSync(join(directory, 'landed.sha256'), `${content.join('\n')}\n`);
  return added.map(([name]) => name);
}

function readManifest(directory) {
  const path = join(directory, 'landed.sha256');
  const lines = existsSync(path)
    ? readFileSync(path, 'utf8')
        .split('\n')
        .filter((line) => line.trim() !== '')
    : [];
  const landed = new Map();
  const releases = [];
  for (const line of lines) {
    const entry = /^([0-9a-f]{64}) {2}(\S+)\/migration\.sql$/.exec(line);
    const release = /^# release (\S+): (\d+) migrations, up to (\S+)$/.exec(line);
    if (entry !== null && landed.get(entry[2]) !== undefined && landed.get(entry[2]) !== entry[1])
      throw new Error(`landed.sha256 has two hashes for ${entry[2]}`);
    if (entry !== null) landed.set(entry[2], entry[1]);
    else if (release !== null) releases.push({ version: release[1], count: Number(release[2]), last: release[3] });
    else if (!line.startsWith('#')) throw new Error(`landed.sha256 holds a line that is none: ${line}`);
  }
  return { landed, releases, lines };
}

function hashes(directory) {
  const names = readdirSync(directory, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => name)
    .sort();
  return new Map(
    names.map((name) => {
      // A checkout with Windows line ends is the same migration.
      const script = readFileSync(join(directory, name, 'migration.sql'), 'utf8').replaceAll('\r\n', '\n');
      return [name, createHash('sha256').update(script).digest('hex')];
    }),
  );
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const directory = process.argv.slice(2).find((parameter) => !parameter.startsWith('-')) ?? MIGRATIONS;
  try {
    if (process.argv.includes('--record')) for (const name of record(directory)) console.log(`recorded ${name}`);
    const found = differences(directory);
    for (const line of found) console.error(line);
    process.exitCode = found.length === 0 ? 0 : 1;
  } catch (error) {
    console.error(error.message);
    process.exitCode = 1;
  }
}
