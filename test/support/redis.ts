import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { ended } from './bounded.js';
import { freePort } from './free-port.js';

const START_TIMEOUT_MS = 30_000;

/** Debian's Redis, on a port of its own, which keeps nothing on the disk. */
export class RedisServer {
  private child: ChildProcess | undefined;

  private constructor(
    readonly port: number,
    private readonly settingsOf: (port: number) => readonly string[],
  ) {}

  /** @param settingsOf as on its command line; later ones count */
  static async start(settingsOf: (port: number) => readonly string[] = () => []): Promise<RedisServer> {
    const server = new RedisServer(await freePort(), settingsOf);
    await server.start();
    return server;
  }

  get url(): string {
    return `redis://127.0.0.1:${this.port}`;
  }

  /** Begins, or begins again, with nothing in it. */
  async start(): Promise<void> {
    const settings = ['--port', String(this.port), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no'];
    const child = spawn('redis-server', [...settings, ...this.settingsOf(this.port)], {
      stdio: ['ignore', 'pipe', 'pipe'],
      cwd: '/tmp',
    });
    this.child = child;
    let output = '';
    const started = new Promise<void>((resolve, reject) => {
      child.stdout.on('data', (chunk: Buffer) => {
        output += chunk.toString();
        if (/Ready to accept connections/.test(output)) resolve();
      });
      child.once('error', reject);
      child.once('exit', (code) => reject(new Error(`redis-server ended with ${code}: ${output}`)));
    });
    await ended('the start of Redis', started, START_TIMEOUT_MS);
  }

  signal(signal: NodeJS.Signals): void {
    this.child?.kill(signal);
  }

  /** At once, as a crash. */
  async kill(): Promise<void> {
    const { child } = this;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    child.kill('SIGKILL');
    await ended('Redis', once(child, 'exit'));
  }
}
