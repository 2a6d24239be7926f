import { randomBytes } from 'node:crypto';
import { constants, copyFileSync, existsSync, linkSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { ConfigurationError } from '../settings/settings.js';

/** What a file system answers that has no hard links. */
const WITHOUT_LINKS: ReadonlySet<unknown> = new Set(['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS']);

/**
 * Creates a file of the data directory that is the same at every start, where it is not there yet. It is whole as soon as it is
 * there, for other processes and after a power cut: one that is not would be taken for damaged. Of several at once one creates it.
 * @throws ConfigurationError where it cannot be written
 */
export function createKept(path: string, content: () => string): void {
  if (existsSync(path)) return;
  const directory = dirname(path);
  const draft = `${path}.${randomBytes(4).toString('hex')}`;
  try {
    mkdirSync(directory, { recursive: true });
    try {
      writeFileSync(draft, content(), { mode: 0o600, flush: true });
      if (!isLinked(draft, path)) copyFileSync(draft, path, constants.COPYFILE_EXCL);
    } finally {
      rmSync(draft, { force: true });
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return;
    throw new ConfigurationError(`DATA_DIR ${directory} cannot be written: ${(error as Error).message}`);
  }
}

/** False where the file system has no links, as those of networks often have none. */
function isLinked(draft: string, path: string): boolean {
  try {
    linkSync(draft, path);
    return true;
  } catch (error) {
    if (!WITHOUT_LINKS.has((error as NodeJS.ErrnoException).code)) throw error;
    return false;
  }
}
