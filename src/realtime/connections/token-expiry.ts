import { Injectable } from '@nestjs/common';
import { Clock } from '../../common/clock.js';
import { Broadcaster } from '../delivery/broadcaster.js';
import type { ChatSocket } from '../engine/sockets/chat-socket.js';

/** How long before the end of its token a connection is warned. */
const WARNING_MS = 60_000;
/** setTimeout takes no longer time than this. */
const MAX_TIMER_MS = 2_147_483_647;

/** A connection lives no longer than its token: it is warned, may renew it in place, and is ended with it. */
@Injectable()
export class TokenExpiry {
  private readonly timers = new WeakMap<ChatSocket, NodeJS.Timeout>();

  constructor(
    private readonly clock: Clock,
    private readonly broadcaster: Broadcaster,
  ) {}

  /** Begins, or begins anew with the token that `socket.data.expiresAt` now speaks of. */
  watch(socket: ChatSocket): void {
    this.forget(socket);
    const left = socket.data.expiresAt - this.clock.now();
    // An API key may have no end.
    if (left > MAX_TIMER_MS) return this.after(socket, MAX_TIMER_MS / 2, () => this.watch(socket));
    // Half the life of a token that lives shorter than that: a client that renews when warned must not be warned at once.
    this.after(socket, left > WARNING_MS ? left - WARNING_MS : left / 2, () => this.warn(socket));
  }

  forget(socket: ChatSocket): void {
    clearTimeout(this.timers.get(socket));
    this.timers.delete(socket);
  }

  private warn(socket: ChatSocket): void {
    const left = socket.data.expiresAt - this.clock.now();
    if (left > 0)
      this.broadcaster.toSocket(socket, 'session:expiring', {
        expiresAt: new Date(socket.data.expiresAt).toISOString(),
      });
    this.after(socket, Math.max(left, 0), () => this.broadcaster.close(socket, 'TOKEN_EXPIRED'));
  }

  private after(socket: ChatSocket, milliseconds: number, act: () => void): void {
    this.timers.set(socket, setTimeout(act, Math.min(milliseconds, MAX_TIMER_MS)).unref());
  }
}
