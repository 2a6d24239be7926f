import { once } from 'node:events';
import { lstatSync, readdirSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { dirname, join } from 'node:path';
import { FRAMES, socketPath } from './socket-path.js';

/** What the directories of workers are called. */
export const DIRECTORY_PREFIX = 'parley-';
/** As `mkdtemp` makes them. */
const DIRECTORY_NAME = new RegExp(`^${DIRECTORY_PREFIX}[A-Za-z0-9]{6}$`);
/** A younger socket than this may be one that its process does not listen on yet. */
const MIN_AGE_MS = 60_000;

/**
 * Removes the directories beside a new one that servers left which were killed. A directory in use is never taken for one: its
 * socket accepts connections as long as its process lives, also while that stands still. Never throws.
 */
export async function removeAbandonedDirectories(newDirectory: string): Promise<void> {
  const parent = dirname(newDirectory);
  for (const name of namesIn(parent)) {
    const directory = join(parent, name);
    if (DIRECTORY_NAME.test(name) && (await isAbandoned(socketPath(directory, FRAMES), newDirectory)))
      remove(directory);
  }
}

async function isAbandoned(path: string, newDirectory: string): Promise<boolean> {
  try {
    const found = lstatSync(path);
    // By the clock that both were made by.
    if (!found.isSocket() || lstatSync(newDirectory).mtimeMs - found.mtimeMs < MIN_AGE_MS) return false;
    const socket = connect(path);
    try {
      await once(socket, 'connect');
      return false;
    } finally {
      socket.destroy();
    }
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ECONNREFUSED';
  }
}

function namesIn(parent: string): string[] {
  try {
    return readdirSync(parent);
  } catch {
    return [];
  }
}

function remove(directory: string): void {
  try {
    rmSync(directory, { recursive: true, force: true });
  } catch {
    // Another user's.
  }
}
