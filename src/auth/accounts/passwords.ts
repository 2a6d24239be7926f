import { availableParallelism } from 'node:os';
import { Injectable } from '@nestjs/common';
import { hash, verify } from '@node-rs/argon2';
import { KeyedSemaphore } from '../../common/async/keyed-semaphore.js';
import { DomainError } from '../../common/errors.js';
import { ipAddressKey } from '../../limits/ip-address-key.js';

export const MIN_PASSWORD_LENGTH = 8;
export const MAX_PASSWORD_LENGTH = 128;

// OWASP's recommendation for argon2id, which is this library's default algorithm. `memoryCost` in KiB.
const COST = { memoryCost: 19_456, timeCost: 2, parallelism: 1 };

/** A hash that no password has, at the cost of a real one. */
export const decoyHash = ({ memoryCost, timeCost, parallelism }: typeof COST): string =>
  `$argon2id$v=19$m=${memoryCost},t=${timeCost},p=${parallelism}$cGFybGV5ZGVjb3lzYWx0IQ$${'A'.repeat(42)}E`;

// They run on the thread pool of libuv, which has 4 threads and other work to do, and share the cores with the event loop.
const CONCURRENT = Math.min(3, Math.max(2, availableParallelism() - 1));
/** Waiting for one IP address, and for all. Two slow cores take 2 s for the former. */
const MAX_QUEUED_PER_IP_ADDRESS = 64;
const MAX_QUEUED = 1_024;
/** A caller that waits longer has left. */
const WAIT_TIMEOUT_MS = 8_000;

/**
 * Hashes passwords, a few at a time, of one IP address after the other: one that asks for many delays another by one
 * turn, and fills a queue of its own. Every method throws DomainError OVERLOADED where too many are waiting.
 */
@Injectable()
export class Passwords {
  /** What a hash costs. Tests, which register many, make it cheap. */
  cost: Readonly<typeof COST> = COST;

  private readonly turns = new KeyedSemaphore({
    maxPerKey: CONCURRENT,
    maxTotal: CONCURRENT,
    maxQueuedPerKey: MAX_QUEUED_PER_IP_ADDRESS,
    maxQueuedTotal: MAX_QUEUED,
    waitTimeoutMs: WAIT_TIMEOUT_MS,
  });

  /** In PHC format. */
  hash(password: string, ipAddress?: string): Promise<string> {
    return this.inTurn(ipAddress, () => hash(canonical(password), this.cost));
  }

  /** Takes the same time without a hash, and then is false. */
  async verify(passwordHash: string | null, password: string, ipAddress?: string): Promise<boolean> {
    const right = await this.inTurn(ipAddress, () => verify(passwordHash ?? decoyHash(this.cost), canonical(password)));
    return right && passwordHash !== null;
  }

  private async inTurn<Result>(ipAddress: string | undefined, work: () => Promise<Result>): Promise<Result> {
    let release: () => void;
    try {
      release = await this.turns.acquire(ipAddressKey(ipAddress));
    } catch (cause) {
      throw new DomainError('OVERLOADED', { retryAfterMs: 1_000, cause });
    }
    try {
      return await work();
    } finally {
      release();
    }
  }
}

/** Keyboards differ in how they compose the same letter. */
function canonical(password: string): string {
  return password.normalize('NFC');
}
