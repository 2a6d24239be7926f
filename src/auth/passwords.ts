import { availableParallelism } from 'node:os';
import { Injectable } from '@nestjs/common';
import { hash, verify } from '@node-rs/argon2';
import { DomainError } from '../common/errors.js';

export const SHORTEST_PASSWORD = 8;
export const LONGEST_PASSWORD = 128;

// OWASP's recommendation for argon2id, which is this library's default algorithm. `memoryCost` in KiB.
const COST = { memoryCost: 19_456, timeCost: 2, parallelism: 1 };

/** A hash that no password has, at the cost of a real one. */
export const DECOY_HASH = `$argon2id$v=19$m=${COST.memoryCost},t=${COST.timeCost},p=${COST.parallelism}$cGFybGV5ZGVjb3lzYWx0IQ$${'A'.repeat(42)}E`;

// They run on the thread pool of libuv, which has 4 threads and other work to do, and share the cores with the event loop.
const CONCURRENT = Math.min(3, Math.max(2, availableParallelism() - 1));
/** Up to 8 s of work for two slow cores: whoever waits longer has left. */
const MOST_WAITING = 256;

/** Hashes passwords, a few at a time. Every method throws DomainError OVERLOADED where too many are waiting. */
@Injectable()
export class Passwords {
  private running = 0;
  private readonly waiting: (() => void)[] = [];

  /** In PHC format. */
  hash(password: string): Promise<string> {
    return this.inTurn(() => hash(canonical(password), COST));
  }

  /** Takes the same time without a hash, and then is false. */
  async verify(passwordHash: string | null, password: string): Promise<boolean> {
    const right = await this.inTurn(() => verify(passwordHash ?? DECOY_HASH, canonical(password)));
    return right && passwordHash !== null;
  }

  private async inTurn<Result>(work: () => Promise<Result>): Promise<Result> {
    if (this.running < CONCURRENT) {
      this.running += 1;
    } else {
      if (this.waiting.length >= MOST_WAITING) throw new DomainError('OVERLOADED', { retryAfterMs: 1_000 });
      // Whoever finishes hands its place over, so `running` stays.
      await new Promise<void>((resolve) => this.waiting.push(resolve));
    }
    try {
      return await work();
    } finally {
      const next = this.waiting.shift();
      if (next === undefined) this.running -= 1;
      else next();
    }
  }
}

/** Keyboards differ in how they compose the same letter. */
function canonical(password: string): string {
  return password.normalize('NFC');
}
