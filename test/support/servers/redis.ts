import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import { ended } from '../bounded.js';
import { freePort } from './free-port.js';
import { programPath } from '../processes/programs.js';

const START_TIMEOUT_MS = 60_000;

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
    const child = spawn(programPath('redis-server') ?? '', [...settings, ...this.settingsOf(this.port)], {
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

  get isRunning(): boolean {
    return this.child !== undefined && this.child.exitCode === null && this.child.signalCode === null;
  }

  /** Unless it runs. */
  async startAgain(): Promise<void> {
    if (!this.isRunning) await this.start();
  }

  signal(signal: NodeJS.Signals): void {
    this.child?.kill(signal);
  }

  /** What an operator says to it; a word of one word each. Answers with its first line. */
  async command(...words: string[]): Promise<string> {
    const socket = connect(this.port, '127.0.0.1');
    try {
      socket.write(`*${words.length}\r\n${words.map((word) => `$${word.length}\r\n${word}\r\n`).join('')}`);
      const [answer] = (await ended('an answer of Redis', once(socket, 'data'), START_TIMEOUT_MS)) as [Buffer];
      return answer.toString().split('\r\n', 1)[0] ?? '';
    } finally {
      socket.destroy();
    }
  }

  /** At once, as a crash. */
  async kill(): Promise<void> {
    const { child } = this;
    if (child === undefined || !this.isRunning) return;
    child.kill('SIGKILL');
    await ended('Redis', once(child, 'exit'));
  }
}
