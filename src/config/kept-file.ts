import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { ConfigurationError } from './settings.js';

/**
 * Creates a file of the data directory that is the same at every start, where it is not there yet. One that could not be written
 * whole is not left: later starts would take it for damaged.
 * @throws ConfigurationError where it cannot be written
 */
export function createKept(path: string, content: () => string): void {
  const directory = dirname(path);
  try {
    mkdirSync(directory, { recursive: true });
    writeFileSync(path, content(), { flag: 'wx', mode: 0o600 });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return;
    rmSync(path, { force: true });
    throw new ConfigurationError(`DATA_DIR ${directory} cannot be written: ${(error as Error).message}`);
  }
}
