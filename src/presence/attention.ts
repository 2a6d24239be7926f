import { Injectable } from '@nestjs/common';

export type AttentionLevel =
  /** Nobody looks. An open connection alone means nothing: apps keep one in the background for a while. */
  | 'none'
  /** Somebody looks at the app, and at something else in it. */
  | 'elsewhere'
  /** Somebody looks at the conversation. */
  | 'looking';

/** What a user looks at. */
export interface Shown {
  userId: string;
  /** The conversations that its active connections show; empty where they show none. */
  conversationIds: readonly string[];
}

/**
 * A connection may be dead for 45 s before that is known: a ping every 25 s, which is answered within 20. The rest is for many that
 * are lost at once.
 */
export const MAX_SILENCE_SECONDS = 120;

/** Answers the conversations that the user's active connections show; undefined where none is active. */
export type AttentionReader = (userId: string) => readonly string[] | undefined;

/**
 * What users look at now, on this process. The holder of connections says how that is read, and what changed; nothing of it is
 * stored here, and it ends with the connection. Other processes know it by `SharedAttention`.
 */
@Injectable()
export class Attention {
  private reader: AttentionReader = () => undefined;
  private listener: ((userId: string) => void) | undefined;
  private lossListener: ((userId: string) => void) | undefined;

  readBy(reader: AttentionReader): void {
    this.reader = reader;
  }

  /** @param listener is given whose attention may have changed */
  onChange(listener: (userId: string) => void): void {
    this.listener = listener;
  }

  changed(userId: string): void {
    this.listener?.(userId);
  }

  /** @param listener is given who was taken to look, for up to `MAX_SILENCE_SECONDS`, on a connection or a process that was dead */
  onLoss(listener: (userId: string) => void): void {
    this.lossListener = listener;
  }

  /** Whether anybody decides about notifications here. */
  get isLossFollowed(): boolean {
    return this.lossListener !== undefined;
  }

  lost(userId: string): void {
    this.lossListener?.(userId);
  }

  /** Undefined where nobody looks. */
  of(userId: string): Shown | undefined {
    const conversationIds = this.reader(userId);
    return conversationIds === undefined ? undefined : { userId, conversationIds };
  }
}

/** @param conversationId undefined: of no conversation */
export function attentionLevel(
  shown: readonly (Shown | undefined)[],
  conversationId: string | undefined,
): AttentionLevel {
  let level: AttentionLevel = 'none';
  for (const one of shown) {
    if (one === undefined) continue;
    if (conversationId !== undefined && one.conversationIds.includes(conversationId)) return 'looking';
    level = 'elsewhere';
  }
  return level;
}
