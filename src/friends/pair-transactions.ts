import { Injectable } from '@nestjs/common';
import { Clock } from '../common/clock.js';
import { DomainError } from '../common/errors.js';
import { orderedPair } from '../common/identifier.js';
import { Database } from '../database/database.js';
import { lockUsers } from '../users/locked-users.js';
import { lockPair, Pair } from './pair.repository.js';

/**
 * Everything that changes what stands between two users runs through here: one transaction at a time for a pair, on
 * all nodes, in whichever direction. What `work` reads is therefore still true when it writes, and neither of the two is
 * deleted meanwhile.
 */
@Injectable()
export class PairTransactions {
  constructor(
    private readonly database: Database,
    private readonly clock: Clock,
  ) {}

  /**
   * @param alone waits for everybody who relies on what stands between the two without being of the pair, such as who adds
   *   one of them to a group.
   * @throws DomainError NOT_FOUND where one of them was deleted
   */
  run<Result>(
    userId: string,
    otherUserId: string,
    work: (pair: Pair) => Promise<Result>,
    { alone = false }: { alone?: boolean } = {},
  ): Promise<Result> {
    const [low, high] = orderedPair(userId, otherUserId);
    return this.database.transaction(async (transaction) => {
      await lockPair(transaction, low, high);
      const held = await lockUsers(transaction, [low, high], alone);
      if (held.size < 2) throw new DomainError('NOT_FOUND');
      // Read only now: what waited for the lock happened after what held it.
      return work(new Pair(transaction, low, high, new Date(this.clock.now())));
    });
  }
}
