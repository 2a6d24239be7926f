import { closeSync, mkdirSync, openSync, rmSync, writeFileSync } from 'node:fs';
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
    const file = openSync(path, 'wx', 0o600);
    try {
      writeFileSync(file, content());
    } catch (error) {
      rmSync(path, { force: true });
      throw error;
    } finally {
      closeSync(file);
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return;
    throw new ConfigurationError(`DATA_DIR ${directory} cannot be written: ${(error as Error).message}`);
  }
}
