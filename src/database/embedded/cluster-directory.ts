import { mkdtempSync, readdirSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { EmbeddedPostgresError } from './embedded-postgres-error.js';
import { isCluster } from './file-access.js';
import type { Runner } from './program-runner.js';

export const SUPERUSER = 'postgres';

/** Makes the cluster elsewhere and moves it here when it is complete: a process killed half-way leaves nothing broken. */
export function create(
  directory: string,
  runner: Runner,
  password: string,
  durable: boolean,
  log: (line: string) => void,
): void {
  log(`creating a database in ${directory}`);
  removeAbandoned(directory);
  const workshop = mkdtempSync(`${directory}.new-`);
  try {
    const passwordCopy = join(workshop, 'password');
    writeFileSync(passwordCopy, password, { mode: 0o600 });
    runner.takeOwnership(workshop);
    const locale = ['--encoding=UTF8', '--locale=C', '--locale-provider=builtin', '--builtin-locale=C.UTF-8'];
    const access = ['-U', SUPERUSER, '-A', 'scram-sha-256', `--pwfile=${passwordCopy}`];
    // In megabytes. Every commit waits while a new file of the log is made: of 16 MB, the default, 15 to 60 ms.
    const log = ['--wal-segsize=2'];
    const sync = durable ? [] : ['--no-sync'];
    runner.run('initdb', ['-D', join(workshop, 'cluster'), ...locale, ...access, ...log, ...sync]);
    renameSync(join(workshop, 'cluster'), directory);
  } catch (error) {
    // Another process was faster: its cluster is as good.
    if (isCluster(directory)) return;
    const code = (error as NodeJS.ErrnoException).code ?? '';
    if (code === 'EBUSY') {
      throw new EmbeddedPostgresError(
        `${directory} is a mount point, which a database cannot be moved onto: mount the volume at ${dirname(directory)}, or elsewhere, and make ${directory} a symbolic link to an empty directory inside it`,
      );
    }
    if (['ENOTEMPTY', 'EEXIST', 'ENOTDIR'].includes(code)) {
      throw new EmbeddedPostgresError(`${directory} is in the way: it is no database of ours`);
    }
    throw error;
  } finally {
    rmSync(workshop, { recursive: true, force: true });
  }
}

/** What killed processes left half-made. Only old ones: a young one may be another process at work. */
function removeAbandoned(directory: string): void {
  const parent = dirname(directory);
  for (const entry of readdirSync(parent)) {
    if (!entry.startsWith(`${basename(directory)}.new-`)) continue;
    const path = join(parent, entry);
    const age = Date.now() - (statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0);
    if (age > 10 * 60_000) rmSync(path, { recursive: true, force: true });
  }
}
