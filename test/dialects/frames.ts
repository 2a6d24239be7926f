import { once } from 'node:events';
import { WebSocket } from 'ws';
import { WAIT_TIMEOUT_MS } from '../support/bounded.js';
import type { Anything } from '../support/story.js';

/** A native WebSocket that misses nothing: what it received and nobody asked for yet waits. */
export class Frames {
  readonly received: Anything[] = [];
  readonly socket: WebSocket;
  /** Close code and reason, once it is closed. */
  readonly closed: Promise<{ code: number; reason: string }>;
  private readonly unread: Anything[] = [];
  private readonly waiters = new Set<() => void>();

  constructor(url: string, headers: Record<string, string> = {}) {
    this.socket = new WebSocket(url.replace(/^http/, 'ws'), { headers });
    this.socket.on('message', (text) => this.record(parsed(text.toString())));
    this.socket.on('error', () => undefined);
    this.closed = new Promise((resolve) =>
      this.socket.on('close', (code, reason) => {
        this.record({ closed: code });
        resolve({ code, reason: reason.toString() });
      }),
    );
  }

  async open(): Promise<this> {
    if (this.socket.readyState === WebSocket.CONNECTING) await once(this.socket, 'open');
    return this;
  }

  /** At once, or as soon as it is open. */
  send(frame: unknown): void {
    const text = typeof frame === 'string' || Buffer.isBuffer(frame) ? frame : JSON.stringify(frame);
    if (this.socket.readyState === WebSocket.CONNECTING) this.socket.once('open', () => this.socket.send(text));
    else this.socket.send(text);
  }

  /** The next frame that matches, also one that came before the call; each is given once. `enough` ends the wait. */
  async next(matches: (frame: Anything) => boolean, enough?: AbortSignal): Promise<Anything> {
    const take = (): Anything => {
      const index = this.unread.findIndex(matches);
      return index === -1 ? undefined : this.unread.splice(index, 1)[0];
    };
    const found = take();
    if (found !== undefined) return found;
    return new Promise((resolve, reject) => {
      const look = (): void => {
        const frame = take();
        if (frame === undefined) return;
        stop();
        resolve(frame);
      };
      const timer = setTimeout(() => {
        stop();
        reject(new Error(`it never came; received: ${JSON.stringify(this.received).slice(0, 2_000)}`));
        // A wait that nobody needs any more must keep no process alive.
      }, WAIT_TIMEOUT_MS).unref();
      enough?.addEventListener('abort', () => stop());
      const stop = (): void => {
        clearTimeout(timer);
        this.waiters.delete(look);
      };
      this.waiters.add(look);
    });
  }

  event(name: string, matches: (data: Anything) => boolean = () => true): Promise<Anything> {
    return this.next(({ event, data }) => event === name && matches(data));
  }

  type(name: string, matches: (frame: Anything) => boolean = () => true): Promise<Anything> {
    return this.next((frame) => frame.type === name && matches(frame));
  }

  private record(frame: Anything): void {
    this.received.push(frame);
    this.unread.push(frame);
    for (const look of this.waiters) look();
  }
}

/** A frame's JSON; of one of Engine.IO, what is behind its number. */
function parsed(text: string): Anything {
  return JSON.parse(text.replace(/^\d+(?=[[{])/, ''));
}
