import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';

export function isSameDirectory(one: string, other: string, strict = false): boolean {
  const [first, second] = [one, other].map((path) => statSync(path, { throwIfNoEntry: strict }));
  return first !== undefined && second !== undefined && first.ino === second.ino && first.dev === second.dev;
}

export function readIfPresent(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (['ENOENT', 'ESRCH', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? '')) return undefined;
    throw error;
  }
}

export function isCluster(directory: string): boolean {
  return existsSync(join(directory, 'PG_VERSION'));
}
