import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { ended } from '../bounded.js';

/** A start migrates a database, and on a busy machine waits for its turn. */
const START_TIMEOUT_MS = 180_000;

/** A server as its users start it: a process of its own. */
export class ServerProcess {
  private constructor(
    readonly url: string,
    private readonly child: ChildProcess,
  ) {}

  /**
   * Resolves once it listens. `detached`: in a process group of its own, as in a terminal. What it prints is added to
   * `logFile`.
   */
  static async start(
    environment: Record<string, string>,
    { detached = false, logFile }: { detached?: boolean; logFile?: string } = {},
  ): Promise<ServerProcess> {
    const child = spawn(process.execPath, ['dist/main.js'], {
      env: {
        ...process.env,
        NODE_OPTIONS: '',
        PORT: '0',
        HOST: '127.0.0.1',
        LOG_LEVEL: 'error',
        JWT_SECRET: 'a secret for the processes of tests',
        ...environment,
      },
      stdio: ['ignore', 'pipe', 'pipe'],
      detached,
    });
    if (logFile !== undefined) {
      const log = createWriteStream(logFile, { flags: 'a' });
      child.stdout?.pipe(log);
      child.stderr?.pipe(log, { end: false });
    }
    let output = '';
    const started = new Promise<string>((resolve, reject) => {
      const receive = (chunk: Buffer): void => {
        output += chunk.toString();
        const match = /Parley listens on +(\S+)/.exec(output);
        if (match?.[1] !== undefined) resolve(match[1]);
      };
      child.stdout?.on('data', receive);
      child.stderr?.on('data', receive);
      child.once('exit', (code) => reject(new Error(`the server ended with ${code}: ${output}`)));
    });
    try {
      return new ServerProcess(await ended('the start of a server', started, START_TIMEOUT_MS), child);
    } catch (error) {
      child.kill('SIGKILL');
      throw new Error(`no server: ${output}`, { cause: error });
    }
  }

  get pid(): number {
    return this.child.pid ?? 0;
  }

  /** Resolves with the exit code, null where a signal ended it. */
  async exited(): Promise<number | null> {
    if (this.isRunning) await ended('a server', once(this.child, 'exit'), START_TIMEOUT_MS);
    return this.child.exitCode;
  }

  /** Ends what reads its output. */
  closeOutput(): void {
    this.child.stdout?.destroy();
    this.child.stderr?.destroy();
  }

  /** What it has of the machine's memory, in bytes. */
  async memory(): Promise<number> {
    const status = await readFile(`/proc/${this.child.pid}/status`, 'utf8');
    return Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1]) * 1024;
  }

  /** The work it has done so far: milliseconds on a core, whatever else the machine had to do; counted in tens of them. */
  async cpuMs(): Promise<number> {
    const stat = await readFile(`/proc/${this.child.pid}/stat`, 'utf8');
    // Behind the name, which may hold blanks, the 12th and 13th: user and system, in hundredths of a second.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return (Number(fields[11]) + Number(fields[12])) * 10;
  }

  get isRunning(): boolean {
    return this.child.exitCode === null && this.child.signalCode === null;
  }

  signal(signal: NodeJS.Signals): void {
    this.child.kill(signal);
  }

  /** As a crash does. */
  kill(): Promise<number | null> {
    return this.end('SIGKILL');
  }

  /** As an operator does. */
  stop(): Promise<number | null> {
    return this.end('SIGTERM');
  }

  private async end(signal: NodeJS.Signals): Promise<number | null> {
    if (this.isRunning) {
      const exited = once(this.child, 'exit');
      this.child.kill(signal);
      try {
        await ended(`a server that was sent ${signal}`, exited);
      } finally {
        this.child.kill('SIGKILL');
      }
    }
    return this.child.exitCode;
  }
}
