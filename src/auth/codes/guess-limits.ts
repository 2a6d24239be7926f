import { Injectable } from '@nestjs/common';
import type { Principal } from '../../common/access/principal.js';
import { ipAddressKey, networkKey } from '../../limits/ip-address-key.js';
import type { LimitName } from '../../config/limits.js';
import { RateLimiter } from '../../limits/rates/rate-limiter.js';

/** Where a guess comes from. */
export interface Guesser {
  ipAddress: string | undefined;
  /** A device on which somebody logged in to this very account, by its cookie. */
  deviceId?: string | undefined;
  /** Whether somebody logged in to this very account from this IP address. */
  isKnownIpAddress: boolean;
}

type Bucket = readonly [limit: LimitName, key: string];

/**
 * Counts guesses, so that guessing costs the guesser and not the owner (docs/operations.md, "Guessing").
 *
 * An account's guesses are counted apart for each of its two names, as no limit is to show which two are one account's, and for each
 * IP address and device it knows; addresses that it does not know have one more limit together, and each of them one over all
 * accounts. An owner who comes from elsewhere than the guessers is therefore not kept out by them, and a thousand IP addresses
 * together guess little more than a few.
 */
@Injectable()
export class GuessLimits {
  constructor(private readonly limiter: RateLimiter) {}

  /**
   * Counts a guess at an account's password before it is made, or guesses made at once would not be.
   * @param name by which the guesser calls it, be it anybody's or nobody's
   * @returns takes the count back: for a guess that turned out right
   * @throws DomainError RATE_LIMITED
   */
  countLogin(name: string, { ipAddress, deviceId, isKnownIpAddress }: Guesser): Promise<() => Promise<void>> {
    const key = ipAddressKey(ipAddress);
    if (deviceId !== undefined) return this.count(growing('loginByAccount', `${name} on ${deviceId}`));
    if (isKnownIpAddress) return this.count(growing('loginByAccount', `${name} from ${key}`));
    return this.count([
      ...growing('loginByAccount', `${name} from ${key}`, `${name} from ${networkKey(ipAddress)}`),
      ['wrongLoginsByAddress', key],
      ['loginByStrangers', name],
    ]);
  }

  /**
   * The same for the password of the session that the guesser is in: counted by session, since who got hold of one cannot
   * make another without the password.
   */
  countConfirmation({ userId, sessionId }: Principal): Promise<() => Promise<void>> {
    return this.count(growing('passwordConfirmations', `${userId} in ${sessionId}`));
  }

  /**
   * A code that is to be mailed.
   * @param account what it is for, and whose e-mail address it goes to
   * @throws DomainError RATE_LIMITED
   */
  async countCode(account: string, { ipAddress, isKnownIpAddress }: Guesser): Promise<void> {
    await this.count([
      ['codesByAccount', `${account} for ${ipAddressKey(ipAddress)}`],
      ...(isKnownIpAddress
        ? []
        : ([
            ['codesByNetwork', `${account} for ${networkKey(ipAddress)}`],
            ['codesByStrangers', account],
          ] as const)),
    ]);
  }

  private async count(buckets: readonly Bucket[]): Promise<() => Promise<void>> {
    const taken: Bucket[] = [];
    const takeBack = async (): Promise<void> => {
      for (const [limit, key] of taken) await this.limiter.restore(limit, key);
    };
    try {
      for (const bucket of buckets) {
        await this.limiter.consume(...bucket);
        taken.push(bucket);
      }
    } catch (error) {
      await takeBack();
      throw error;
    }
    return takeBack;
  }
}

function growing(limit: 'loginByAccount' | 'passwordConfirmations', key: string, dailyKey = key): Bucket[] {
  return [
    [limit, key],
    [`${limit}Hourly`, key],
    [`${limit}Daily`, dailyKey],
  ];
}
