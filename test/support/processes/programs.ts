import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import process from 'node:process';

/** Programs that come with no package of ours, each a suite or more. CONTRIBUTING.md lists them. */
export type Program = 'chromium' | 'haproxy' | 'pgbouncer' | 'redis-server';

/** Other names for a program, and places where none of the PATH's folders is. */
const PLACES: Partial<Record<Program, readonly string[]>> = {
  chromium: [
    'chromium-browser',
    'google-chrome',
    'google-chrome-stable',
    '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  ],
};
/** Where Debian and Homebrew put what is no user's, and some PATH lacks. */
const FOLDERS = ['/usr/bin', '/usr/sbin', '/usr/local/bin', '/opt/homebrew/bin'];

const found = new Map<Program, string | undefined>();

/** Where a program is; undefined on a machine that lacks it, with a line that says so. @throws in CI, where none may be lacking. */
export function programPath(program: Program): string | undefined {
  if (found.has(program)) return found.get(program);
  const folders = [...(process.env.PATH ?? '').split(delimiter), ...FOLDERS];
  const path = [program, ...(PLACES[program] ?? [])]
    .flatMap((name) => (name.startsWith('/') ? [name] : folders.map((folder) => join(folder, name))))
    .find((place) => existsSync(place));
  if (path === undefined) {
    if (process.env.CI !== undefined) throw new Error(`no ${program}: apt-get install ${program}`);
    process.stderr.write(
      `no ${program} on this machine: the tests that need it are skipped (apt-get install ${program})\n`,
    );
  }
  found.set(program, path);
  return path;
}

/** `describe` or `it` where the machine has the programs, else their `skip`. */
export function onlyWith<Block extends { skip: unknown }>(block: Block, ...programs: Program[]): Block {
  return programs.every((program) => programPath(program) !== undefined) ? block : (block.skip as Block);
}
