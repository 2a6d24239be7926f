import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { WAIT_TIMEOUT_MS } from '../support/bounded.js';

/** A program as a process of its own, spoken to as at a terminal: lines in, lines out. */
export class LineProcess {
  readonly lines: string[] = [];
  private readonly child: ChildProcess;
  private readonly waiting = new Set<() => void>();
  private position = 0;

  constructor(parameters: readonly string[], environment: Record<string, string>) {
    this.child = spawn(process.execPath, parameters, {
      env: { PATH: process.env.PATH, ...environment },
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    for (const stream of [this.child.stdout, this.child.stderr]) {
      if (stream === null) continue;
      createInterface({ input: stream }).on('line', (line) => {
        this.lines.push(line);
        for (const look of this.waiting) look();
      });
    }
  }

  type(line: string): void {
    this.child.stdin?.write(`${line}\n`);
  }

  /** No more lines come. */
  end(): void {
    this.child.stdin?.end();
  }

  /** The status with which it ends. */
  async exit(): Promise<number | null> {
    if (this.child.exitCode === null && this.child.signalCode === null) await once(this.child, 'exit');
    return this.child.exitCode;
  }

  /** The next line that contains `text`, after those waited for before. */
  async line(text: string): Promise<string> {
    return new Promise((resolve, reject) => {
      const look = (): void => {
        const index = this.lines.findIndex((line, number) => number >= this.position && line.includes(text));
        if (index < 0) return;
        this.position = index + 1;
        clearTimeout(timer);
        this.waiting.delete(look);
        resolve(this.lines[index] ?? '');
      };
      const timer = setTimeout(() => {
        this.waiting.delete(look);
        reject(new Error(`"${text}" did not come; there was:\n${this.lines.join('\n')}`));
      }, WAIT_TIMEOUT_MS);
      this.waiting.add(look);
      look();
    });
  }

  /** How often a line was shown. */
  count(line: string): number {
    return this.lines.filter((shown) => shown === line).length;
  }

  async kill(): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    const exit = once(this.child, 'exit');
    this.child.kill('SIGKILL');
    await exit;
  }
}
