import { randomBytes } from 'node:crypto';
import { existsSync, linkSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { ConfigurationError } from './settings.js';

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
      linkSync(draft, path);
    } finally {
      rmSync(draft, { force: true });
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return;
    throw new ConfigurationError(`DATA_DIR ${directory} cannot be written: ${(error as Error).message}`);
  }
}
