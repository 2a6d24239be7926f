import { Injectable } from '@nestjs/common';
import { Clock } from '../common/clock.js';
import { DomainError } from '../common/errors.js';
import { orderedPair } from '../common/identifier.js';
import { Database } from '../database/database.js';
import { RowTurns } from '../limits/writes/row-turns.js';
import { lockUsers } from '../users/locked-users.js';
import { lockPair, Pair } from './pair.repository.js';

/**
 * Everything that changes what stands between two users runs through here: one transaction at a time for a pair, on
 * all nodes, in whichever direction. What `work` reads is therefore still true when it writes, and neither of the two is
 * deleted meanwhile.
 */
@Injectable()
export class PairTransactions {
  private readonly turns = new RowTurns();

  constructor(
    private readonly database: Database,
    private readonly clock: Clock,
  ) {}

  /**
   * @param alone waits for everybody who relies on what stands between the two without being of the pair, such as who adds
   *   one of them to a group. Those who do so with the same other wait for each other without a connection.
   * @throws DomainError NOT_FOUND where one of them was deleted; alone also RATE_LIMITED, where a thousand wait for the same
   *   other, or for 15 s
   */
  run<Result>(
    userId: string,
    otherUserId: string,
    work: (pair: Pair) => Promise<Result>,
    { alone = false }: { alone?: boolean } = {},
  ): Promise<Result> {
    const [low, high] = orderedPair(userId, otherUserId);
    const change = (): Promise<Result> =>
      this.database.transaction(async (transaction) => {
        await lockPair(transaction, low, high);
        const held = await lockUsers(transaction, [low, high], alone);
        if (held.size < 2) throw new DomainError('NOT_FOUND');
        // Read only now: what waited for the lock happened after what held it.
        return work(new Pair(transaction, low, high, new Date(this.clock.now())));
      });
    return alone ? this.turns.run(otherUserId, change) : change();
  }
}
