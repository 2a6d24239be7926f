import { randomBytes } from 'node:crypto';
import { linkSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { EmbeddedPostgresError } from './embedded-postgres-error.js';
import { isCluster, readIfPresent } from './file-access.js';

export function passwordFile(home: string): string {
  return join(home, 'postgres-password');
}

/** Made once, before the cluster. Processes that start at once agree: one alone creates the file, complete from the start. */
export function keptPassword(home: string, directory: string): string {
  const path = passwordFile(home);
  const known = readIfPresent(path)?.trim();
  if (known !== undefined && known !== '') return known;
  if (isCluster(directory))
    throw new EmbeddedPostgresError(`${path} is missing: restore it, for it opens ${directory}`);
  const fresh = randomBytes(24).toString('hex');
  const draft = `${path}.${randomBytes(4).toString('hex')}`;
  writeFileSync(draft, fresh, { mode: 0o600, flush: true });
  try {
    linkSync(draft, path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  } finally {
    rmSync(draft);
  }
  return readFileSync(path, 'utf8').trim();
}
