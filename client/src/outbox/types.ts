import type { Observable } from '../connection/types.js';
import type { ChatError } from '../protocol/errors.js';
import type { ClientEvents } from '../protocol/protocol.generated.js';
import type { RowChanges, Settled } from '../sync/state.js';

export type OutboxState =
  /** Durable, waiting for its turn and for a live connection. */
  | 'queued'
  /** Its files are on their way. */
  | 'uploading'
  | 'sending'
  /** The server refused for now; tried again at `retryAt`. */
  | 'waiting'
  /** The server refuses it as it is, for good: shown, can be edited, tried again or dropped. Its lane goes on. */
  | 'rejected';

/** What a command does, as the user meant it; ids of uploads are filled in when it is sent. */
export type OutboxCommand =
  | {
      type: 'send';
      clientId: string;
      conversationId?: string;
      /** In place of `conversationId`, where there may be no conversation yet. */
      receiverId?: string;
      content?: string;
      replyToId?: string;
      /** In place of `replyToId`: the `clientId` of a message that has no id yet. */
      replyToClientId?: string;
    }
  /** `target`: a message's id, or the `clientId` of one that is itself still in the outbox. */
  | { type: 'edit'; clientId: string; conversationId: string; target: MessageTarget; content: string }
  | { type: 'delete'; clientId: string; conversationId: string; target: MessageTarget; for: 'everyone' | 'me' }
  | { type: 'react'; clientId: string; conversationId: string; target: MessageTarget; emoji: string; remove: boolean }
  | { type: 'read'; clientId: string; conversationId: string; seq: number };

export type MessageTarget = { messageId: string } | { clientId: string };

/** A command that changes a message. */
export type MessageChange = Extract<OutboxCommand, { target: unknown }>;

export interface OutboxItem {
  readonly clientId: string;
  readonly command: OutboxCommand;
  /** The lane: the conversation, or `user:<receiverId>` as long as there is none. Strictly in order of `sequence`. */
  readonly lane: string;
  /** Files of a send, in order. */
  readonly files?: readonly KeptFile[];
  /** The tab in which they were given copies them into the storage; until then nobody can send it. */
  readonly isCopying?: boolean;
  /** The order in which the user did things, in whichever tab: given by the storage that they share. Never a clock. */
  readonly sequence: number;
  readonly state: OutboxState;
  readonly attempts: number;
  /** How often the server failed at it by its own fault, in whichever run. */
  readonly internalErrors?: number;
  /** With `waiting`: device time. */
  readonly retryAt?: number;
  /** With `uploading`: 0 to 1. */
  readonly progress?: number;
  /** `errors`: field to messages, with `VALIDATION_FAILED`. */
  readonly lastError?: Readonly<Pick<ChatError, 'code' | 'message'>> & {
    readonly errors?: NonNullable<ChatError['errors']>;
  };
  /** When the user did it, to be shown: after all that was there, and by the server's clock as far as that is known. */
  readonly createdAt: number;
}

/**
 * The one owner of retries. Every command is durable before its first byte leaves, and removed in the transaction that
 * stores the server's answer to it.
 */
export interface Outbox extends Observable<readonly OutboxItem[]> {
  /** Loads what an earlier run left; what was `sending` is `queued` again, under the same `clientId`. */
  start(): Promise<void>;
  /** What does not survive the end of the app yet. */
  readonly unstored: readonly OutboxItem[];
  /** What was typed in this tab, stored or not, and the one that leads may not know of yet. */
  readonly unshared: readonly OutboxItem[];
  /** Shows it at once; resolves when it is durable. Folds it into one that waits where that says the same. */
  enqueue(command: OutboxCommand, files?: readonly UploadSource[]): Promise<OutboxItem>;
  /** The connection is live, or not any more. */
  setLive(isLive: boolean): void;
  /** The server has these, as an answer, an event or sync says: they go, and what waited for their ids gets them. */
  settled(settled: readonly Settled[]): RowChanges['rows'];
  /** The answers of these have come to the tab that leads: here they leave with what comes in their place, not before. */
  answeredElsewhere(settled: readonly Settled[]): void;
  /** Rows that another tab has stored. */
  takeRows(changes: RowChanges): void;
  /** Reads what the storage has: a word of another tab may have been lost. */
  lookAgain(): void;
  /** What this tab's writer has stored, with the numbers that it got. */
  stored(changes: RowChanges): void;
  /** The user, the network or the foreground asks: what waits is due now. */
  retryNow(clientId?: string): void;
  /** A send or an edit with another text, where it was rejected or has not left yet; a rejected send also with other files, or none. */
  revise(clientId: string, content: string, files?: readonly UploadSource[]): Promise<void>;
  /** Drops what was not sent yet. False where it is on its way already. */
  cancel(clientId: string): Promise<boolean>;
  stop(): Promise<void>;
}

/** Sends one command, once: over the live connection. Rejects with a `ChatError`, whose `isTransient` decides. */
export type CommandSender = <Name extends OutboxEvent>(
  event: Name,
  payload: ClientEvents[Name]['payload'],
) => Promise<ClientEvents[Name]['answer']>;

export type OutboxEvent = 'send_message' | 'edit_message' | 'delete_message' | 'react' | 'mark_read';

/** A file as the platform gives it. Its bytes are copied into `uploadChunks` before the message counts as durable. */
export interface UploadSource {
  readonly name: string;
  readonly mimeType: string;
  readonly size: number;
  /** Bytes from `start` to before `end`. Rejects with `UNREADABLE_FILE`. */
  read(start: number, end: number): Promise<Uint8Array>;
  /** To be shown until the server has its own: an object URL, a file's path. */
  readonly previewUrl?: string;
  /** Recorded to be listened to as a message. */
  readonly voice?: boolean;
}

/** A file that waits for its message, as it is shown and as it is kept in the store `uploads`. */
export interface KeptFile {
  readonly id: string;
  readonly name: string;
  readonly mimeType: string;
  readonly size: number;
  readonly previewUrl?: string;
  readonly voice?: boolean;
}

/** Keeps the bytes of files and brings them to the server; the outbox says when. */
export interface Uploader {
  /** Copies a file's bytes into storage; resolves when they are durable. Rejects with `UNREADABLE_FILE`. */
  keep(id: string, source: UploadSource): Promise<void>;
  /**
   * Brings it to the server and resolves with the attachment's id. Called again after a failure or a restart it goes on
   * where it was, and of one that is there already it answers the same id. Rejects with a `ChatError`.
   */
  upload(id: string, progress: (done: number) => void): Promise<string>;
  /** Its message was sent or dropped: its bytes go, here and, where they were not all there, on the server. */
  discard(id: string): Promise<void>;
  /**
   * There is a connection again: what has waited for an answer for long may wait for nothing. It rejects with `NOT_CONNECTED`, and
   * goes on at the next call.
   */
  reconnected(): void;
  /** The server has it no more: it is to be uploaded anew. */
  forget(id: string): Promise<void>;
  /** At the start: removes what belongs to no item of the outbox. */
  discardOthers(): Promise<void>;
  /** Breaks off what is under way, which rejects with `NOT_CONNECTED`. Nothing is uploaded after it. */
  stop(): void;
}
