import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { chmodSync, chownSync, lchownSync, readdirSync, statSync } from 'node:fs';
import { dirname, join, parse } from 'node:path';
import { EmbeddedPostgresError } from './embedded-postgres-error.js';
import { isCluster, readIfPresent } from './file-access.js';
import { findPrograms, type Programs } from './postgres-programs.js';

/** Runs PostgreSQL's programs, which refuse the root user, as a user that they accept. */
export class Runner {
  private constructor(
    private readonly programs: Programs,
    private readonly user: User | undefined,
    private readonly capability: string | undefined,
  ) {}

  static async find(directory: string): Promise<Runner> {
    const programs = await findPrograms();
    if (process.getuid?.() !== 0) return new Runner(programs, undefined, undefined);
    const user = ownerOf(directory) ?? unprivilegedUser();
    const needed = [
      programs.initdb,
      join(programs.root, 'share', 'postgresql', 'postgres.bki'),
      join(programs.root, 'lib'),
    ];
    const plain = new Runner(programs, user, undefined);
    if (plain.reaches(directory, needed)) return plain;
    // The checkout or the data lie below a directory that is closed to that user, such as /root: let it pass through.
    for (const capability of ['dac_read_search', 'dac_override']) {
      const privileged = new Runner(programs, user, capability);
      if (privileged.reaches(directory, needed)) return privileged;
    }
    throw new EmbeddedPostgresError(
      `PostgreSQL refuses to run as root, and user ${user.uid} cannot reach ${dirname(directory)} and ${programs.root}: run the server as an ordinary user, move both out of closed directories, or set DATABASE_URL`,
    );
  }

  /** Starts a program whose output goes to `log`, in a process group of its own. */
  spawn(program: 'postgres', parameters: readonly string[], log: number): ChildProcess {
    const { command, leading, options } = this.prefix(this.programs[program]);
    return spawn(command, [...leading, ...parameters], {
      ...options,
      detached: true,
      stdio: ['ignore', log, log],
      windowsHide: true,
    });
  }

  /** Runs a program to its end. @throws with its last line where it fails. */
  run(program: 'initdb', parameters: readonly string[]): void {
    const { command, leading, options } = this.prefix(this.programs[program]);
    const { status, error, stderr } = spawnSync(command, [...leading, ...parameters], {
      ...options,
      encoding: 'utf8',
      windowsHide: true,
    });
    if (status === 0) return;
    const reason = error?.message ?? stderr.split('\n').find((line) => line.trim() !== '') ?? `${program} failed`;
    throw new EmbeddedPostgresError(`the embedded PostgreSQL cannot be created: ${reason}`);
  }

  /** Gives a directory to the user that PostgreSQL runs as, closed to all others as PostgreSQL wants it. */
  takeOwnership(directory: string): void {
    if (this.user !== undefined && statSync(directory).uid !== this.user.uid) {
      const { uid, gid } = this.user;
      for (const entry of readdirSync(directory, { recursive: true, encoding: 'utf8' }))
        lchownSync(join(directory, entry), uid, gid);
      chownSync(directory, uid, gid);
    }
    if ((statSync(directory).mode & 0o077) !== 0) chmodSync(directory, 0o700);
  }

  /** Asks the system itself, as that user, which also knows access lists and read-only mounts. */
  private reaches(directory: string, files: readonly string[]): boolean {
    const { command, leading, options } = this.prefix('/bin/sh');
    const script = 'cd "$1" && shift && "$1" --version && shift && for file; do test -r "$file" || exit 1; done';
    const probe = spawnSync(command, [...leading, '-c', script, 'sh', dirname(directory), ...files], {
      ...options,
      stdio: 'ignore',
    });
    return probe.status === 0;
  }

  private prefix(program: string): {
    command: string;
    leading: string[];
    options: { cwd: string; env: NodeJS.ProcessEnv; uid?: number; gid?: number };
  } {
    // Nothing of our own environment: PGDATA, PGPORT and the like would change what PostgreSQL does.
    const { PATH, SystemRoot, TEMP } = process.env;
    const options = { cwd: parse(this.programs.root).root, env: { PATH, SystemRoot, TEMP, LC_ALL: 'C', TZ: 'UTC' } };
    if (this.user === undefined) return { command: program, leading: [], options };
    const { uid, gid } = this.user;
    if (this.capability === undefined) return { command: program, leading: [], options: { ...options, uid, gid } };
    const capability = `+${this.capability}`;
    const leading = [
      '--reuid',
      `${uid}`,
      '--regid',
      `${gid}`,
      '--clear-groups',
      '--inh-caps',
      capability,
      '--ambient-caps',
      capability,
    ];
    // Without this bit access(2), which PostgreSQL asks about its own files, leaves capabilities out of account.
    leading.push('--securebits', '+no_setuid_fixup', program);
    return { command: 'setpriv', leading, options };
  }
}

interface User {
  readonly uid: number;
  readonly gid: number;
}

/** A cluster keeps its user, so that it may be run by root today and by its owner tomorrow. */
function ownerOf(directory: string): User | undefined {
  if (!isCluster(directory)) return undefined;
  const { uid, gid } = statSync(directory);
  return uid === 0 ? undefined : { uid, gid };
}

function unprivilegedUser(): User {
  const users = (readIfPresent('/etc/passwd') ?? '').split('\n').map((line) => line.split(':'));
  for (const name of ['postgres', 'nobody']) {
    const [, , uid, gid] = users.find((user) => user[0] === name) ?? [];
    if (Number(uid) > 0) return { uid: Number(uid), gid: Number(gid) };
  }
  throw new EmbeddedPostgresError(
    'PostgreSQL refuses to run as root: run the server as an ordinary user, or set DATABASE_URL',
  );
}
