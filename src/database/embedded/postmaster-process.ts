import { type ChildProcess, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { linkSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { isSameDirectory, readIfPresent } from './file-access.js';

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EPERM') return false;
  }
  // A zombie only waits for a parent that may never ask, such as a container's first process.
  return readIfPresent(`/proc/${pid}/stat`)?.match(/\) (\w)/)?.[1] !== 'Z';
}

/**
 * Whether a live process is certainly not the postmaster of this directory. In doubt it is taken for one: a second
 * postmaster on the same files would destroy them.
 */
export function isAlien(pid: number, directory: string): boolean {
  if (process.platform === 'win32') return false;
  const commandLine =
    readIfPresent(`/proc/${pid}/cmdline`)?.replaceAll('\0', ' ') ??
    spawnSync('ps', ['-o', 'command=', '-p', `${pid}`], { encoding: 'utf8' }).stdout ??
    '';
  // The kernel's own threads have none; but neither has a process, such as our postmaster, that is just dying.
  if (commandLine.trim() === '') return isKernelThread(pid);
  if (!/postgres|postmaster/.test(commandLine)) return true;
  try {
    // A postmaster works inside its cluster.
    return !isSameDirectory(`/proc/${pid}/cwd`, directory, true);
  } catch {
    return !commandLine.includes(directory);
  }
}

/** The seventh field after the name in /proc holds the flags; one of them marks a thread of the kernel. */
function isKernelThread(pid: number): boolean {
  const flags = readIfPresent(`/proc/${pid}/stat`)?.match(/\) \w(?: -?\d+){5} (\d+)/)?.[1];
  return (Number(flags ?? 0) & 0x0020_0000) !== 0;
}

/** No process can have this number. */
const NOBODY = '2147483647';

/**
 * Takes the alien's number out of a stale postmaster.pid, which PostgreSQL would believe and refuse to start. The rest
 * stays: from it PostgreSQL learns whether processes of the dead postmaster still run. Between looking and changing, a
 * postmaster may have started and written its own file: that one goes back as it is.
 */
export function disown(path: string, judged: string): void {
  const aside = `${path}.${randomBytes(4).toString('hex')}`;
  try {
    renameSync(path, aside);
    if (readFileSync(aside, 'utf8') === judged) writeFileSync(aside, judged.replace(/^\d+/, NOBODY));
    linkSync(aside, path);
  } catch (error) {
    if (!['ENOENT', 'EEXIST'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error;
  } finally {
    rmSync(aside, { force: true });
  }
}

export function isRunning(child: ChildProcess | undefined): boolean {
  return child?.pid !== undefined && child.exitCode === null && child.signalCode === null;
}
