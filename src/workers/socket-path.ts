import { basename, join } from 'node:path';
import process from 'node:process';

/** Where processes of this machine listen for each other: a file in their directory, or what Windows has instead. */
export function socketPath(directory: string, name: string): string {
  return process.platform === 'win32' ? `\\\\?\\pipe\\${basename(directory)}-${name}` : join(directory, `${name}.sock`);
}

export const FRAMES = 'frames';

export function workerSocketName(slot: number): string {
  return `worker-${slot}`;
}
