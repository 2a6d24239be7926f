import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { WebSocket } from 'ws';
import { ended, PATIENCE_MS } from './bounded.js';
import type { Anything } from './story.js';

/** The Firefox of this machine; undefined where it has none. */
export const firefoxPath = ['/usr/bin/firefox-esr', '/usr/bin/firefox'].find((path) => existsSync(path));

/** One Firefox with one tab, driven by WebDriver BiDi, which it speaks by itself. */
export class Firefox {
  private lastId = 0;
  private readonly waiting = new Map<number, (answer: Anything) => void>();
  private tab = '';

  private constructor(
    private readonly child: ChildProcess,
    private readonly socket: WebSocket,
    private readonly profile: string,
  ) {
    socket.on('message', (frame: Buffer) => {
      const answer = JSON.parse(frame.toString());
      this.waiting.get(answer.id)?.(answer);
      this.waiting.delete(answer.id);
    });
  }

  static async start(preferences: Readonly<Record<string, string | number | boolean>>): Promise<Firefox> {
    if (firefoxPath === undefined) throw new Error('there is no Firefox here');
    const profile = await mkdtemp(join(tmpdir(), 'parley-firefox-'));
    const lines = Object.entries(preferences).map(
      ([name, value]) => `user_pref(${JSON.stringify(name)}, ${JSON.stringify(value)});`,
    );
    await writeFile(join(profile, 'user.js'), lines.join('\n'));
    const parameters = ['--headless', '--no-remote', '--remote-debugging-port=0', '--profile', profile, 'about:blank'];
    const child = spawn(firefoxPath, parameters, { stdio: ['ignore', 'ignore', 'pipe'] });
    try {
      let printed = '';
      const listening = new Promise<string>((resolve, reject) => {
        child.stderr?.on('data', (chunk: Buffer) => {
          printed += chunk.toString();
          const url = /WebDriver BiDi listening on (ws:\S+)/.exec(printed)?.[1];
          if (url !== undefined) resolve(url);
        });
        child.once('error', reject);
        child.once('exit', (code) => reject(new Error(`Firefox ended with ${code}: ${printed}`)));
      });
      const url = await ended('the start of Firefox', listening, 2 * PATIENCE_MS);
      const socket = new WebSocket(`${url}/session`);
      await ended(
        'the connection to Firefox',
        new Promise<void>((resolve, reject) => {
          socket.once('open', resolve);
          socket.once('error', reject);
        }),
        PATIENCE_MS,
      );
      const firefox = new Firefox(child, socket, profile);
      await firefox.command('session.new', { capabilities: {} });
      const { contexts } = await firefox.command('browsingContext.getTree', {});
      firefox.tab = contexts[0].context;
      return firefox;
    } catch (error) {
      child.kill('SIGKILL');
      throw error;
    }
  }

  async open(url: string): Promise<void> {
    await this.command('browsingContext.navigate', { context: this.tab, url, wait: 'complete' });
  }

  /** Calls a function in the page, with texts, and answers what it answers, as JSON. */
  async call<Answer>(work: (...texts: string[]) => Answer | Promise<Answer>, ...texts: string[]): Promise<Answer> {
    const { result, exceptionDetails } = await this.command('script.callFunction', {
      functionDeclaration: `async (...texts) => JSON.stringify((await (${work.toString()})(...texts)) ?? null)`,
      awaitPromise: true,
      target: { context: this.tab },
      arguments: texts.map((value) => ({ type: 'string', value })),
    });
    if (exceptionDetails !== undefined) throw new Error(exceptionDetails.text);
    return JSON.parse(result.value) as Answer;
  }

  async close(): Promise<void> {
    const gone = new Promise<void>((resolve) => {
      if (this.child.exitCode !== null || this.child.signalCode !== null) resolve();
      else this.child.once('exit', () => resolve());
    });
    this.socket.terminate();
    // It keeps nothing that is of use.
    this.child.kill('SIGKILL');
    await ended('the end of Firefox', gone);
    await rm(this.profile, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
  }

  private async command(method: string, parameters: object): Promise<Anything> {
    const id = (this.lastId += 1);
    const answered = new Promise<Anything>((resolve) => this.waiting.set(id, resolve));
    this.socket.send(JSON.stringify({ id, method, params: parameters }));
    const { type, result, error, message } = await ended(method, answered, 2 * PATIENCE_MS);
    if (type !== 'success') throw new Error(`${method}: ${error} ${message}`);
    return result;
  }
}
