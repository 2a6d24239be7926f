import { Injectable } from '@nestjs/common';
import { ConversationAccess } from '../../conversations/conversation-access.js';
import { Rooms } from './rooms.js';

/** How often it is asked, where somebody is let in each time. */
const MAX_QUESTIONS = 3;

type Audience = Awaited<ReturnType<ConversationAccess['audience']>> & {
  /** Users who came while it was asked, also the last time: they are among those who do not read it, and must be asked to sync behind it. */
  unknownIds: string[];
};

/** Who of those who are here, or may come back, reads a message: asked of the database. */
@Injectable()
export class Audiences {
  constructor(
    private readonly rooms: Rooms,
    private readonly access: ConversationAccess,
  ) {}

  /**
   * To be asked in the conversation's turn: so nobody joins or leaves between this and what follows in the same tick. Connections are
   * let in in no turn, so it is asked again where somebody came meanwhile.
   * @param specialIds users of whom it is to be known whether they read it
   * @param quotedSeq the number of the message that it quotes
   */
  async of(
    conversationId: string,
    seq: number,
    specialIds: readonly string[] = [],
    quotedSeq?: number,
  ): Promise<Audience> {
    for (let asked = 1; ; asked += 1) {
      const known = new Set(this.rooms.awaitedMembers(conversationId));
      const audience = await this.access.audience(conversationId, seq, [...specialIds], quotedSeq, [...known]);
      const unknown = this.rooms.awaitedMembers(conversationId).filter((id) => !known.has(id));
      if (unknown.length === 0 || asked === MAX_QUESTIONS)
        return { ...audience, blindIds: [...audience.blindIds, ...unknown], unknownIds: unknown };
    }
  }
}
