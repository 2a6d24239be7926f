import { Injectable } from '@nestjs/common';

export const ATTENTIONS = [
  /** Nobody looks. An open connection alone means nothing: apps keep one in the background for a while. */
  'none',
  /** Somebody looks at the app, and at something else in it. */
  'elsewhere',
  /** Somebody looks at the conversation. */
  'looking',
] as const;
export type AttentionLevel = (typeof ATTENTIONS)[number];

/** @param conversationId undefined: of no conversation */
export type AttentionReader = (userId: string, conversationId: string | undefined) => AttentionLevel;

/**
 * What users look at now, on this process. Who holds connections says how that is read; nothing of it is stored, and it
 * ends with the connection.
 */
@Injectable()
export class Attention {
  private readonly readers: AttentionReader[] = [];

  register(reader: AttentionReader): void {
    this.readers.push(reader);
  }

  of(userId: string, conversationId: string | undefined): AttentionLevel {
    const levels = this.readers.map((read) => ATTENTIONS.indexOf(read(userId, conversationId)));
    return ATTENTIONS[Math.max(0, ...levels)] ?? 'none';
  }
}
