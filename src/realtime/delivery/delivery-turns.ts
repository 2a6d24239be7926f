import { Injectable, Logger } from '@nestjs/common';
import { Configuration } from '../../config/configuration.js';
import { Broadcaster } from './broadcaster.js';
import { ConversationSequencer } from './conversation-sequencer.js';

/** Where several processes store messages: as long as one of them may take to arrive behind the other's. */
const FIRST_HOLD_MS = 200;

/** The order in which this process delivers, whatever it is; what fails in its turn is left to sync. */
@Injectable()
export class DeliveryTurns {
  private readonly logger = new Logger(DeliveryTurns.name);
  /** Of all conversations. */
  readonly sequencer: ConversationSequencer;

  constructor(
    private readonly broadcaster: Broadcaster,
    configuration: Configuration,
  ) {
    this.sequencer = new ConversationSequencer(
      (error, id) => this.missed(error, id),
      configuration.isOneOfSeveral ? FIRST_HOLD_MS : 0,
    );
  }

  /** What is no conversation's: these users are asked to sync where it fails. */
  ofUsers(id: string, userIds: readonly string[], deliver: () => Promise<void>): void {
    this.sequencer.inTurn(id, () => deliver().catch((error: unknown) => this.missed(error, id, userIds)));
  }

  /**
   * Those whom an event did not reach get it by sync, and are asked to sync now: nobody else knows that there was one.
   * @param id whose turn it was: a conversation's, or of those users who are named
   */
  missed(error: unknown, id: string, userIds: readonly string[] = []): void {
    this.logger.error('an event could not be delivered', error instanceof Error ? error.stack : String(error));
    // It may have been a deletion: recovery would replay what was deleted.
    this.broadcaster.keepGap(id);
    this.broadcaster.toConversation(id, 'sync:needed', {});
    this.broadcaster.endUnsyncable([id]);
    this.broadcaster.toUsers(userIds, 'sync:needed', {});
  }
}
