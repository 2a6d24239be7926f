import { chmodSync, existsSync, statSync, symlinkSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename, join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { EmbeddedPostgresError } from './embedded-postgres-error.js';
import { readIfPresent } from './file-access.js';

export interface Programs {
  readonly root: string;
  readonly initdb: string;
  readonly postgres: string;
}

export async function findPrograms(): Promise<Programs> {
  const system = process.platform === 'win32' ? 'windows' : process.platform;
  const name = `@embedded-postgres/${system}-${process.arch}`;
  let programs: Programs;
  try {
    // The package of the platform is a dependency of embedded-postgres, not ours: some installers nest it there.
    const from = createRequire(createRequire(import.meta.url).resolve('embedded-postgres'));
    const { initdb, postgres } = (await import(pathToFileURL(from.resolve(name)).href)) as Record<
      'initdb' | 'postgres',
      string
    >;
    programs = { root: resolve(initdb, '..', '..'), initdb, postgres };
  } catch (error) {
    throw new EmbeddedPostgresError(`there is no embedded PostgreSQL for ${system}-${process.arch}: set DATABASE_URL`, {
      cause: error,
    });
  }
  finishInstallation(programs);
  return programs;
}

/** What the package's install script does, for installs that skip such scripts. */
function finishInstallation(programs: Programs): void {
  for (const program of [programs.initdb, programs.postgres]) {
    if (process.platform !== 'win32' && (statSync(program).mode & 0o111) !== 0o111) chmodSync(program, 0o755);
  }
  const links = JSON.parse(readIfPresent(join(programs.root, 'pg-symlinks.json')) ?? '[]') as {
    source: string;
    target: string;
  }[];
  for (const { source, target } of links) {
    const path = join(programs.root, '..', target);
    if (existsSync(path)) continue;
    try {
      symlinkSync(basename(source), path);
    } catch (error) {
      // Another process did it in the same moment.
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
  }
}
