import type { Observable } from '../connection/types.js';
import type { OutboxItem, UploadSource } from '../outbox/types.js';
import { objectUrlOf } from '../ports/object-urls.js';
import { defined } from '../protocol/defined.js';
import { ChatError } from '../protocol/errors.js';
import type { MessageItem } from '../store/types.js';

export interface OutgoingContent {
  content?: string | undefined;
  attachments?: readonly (UploadSource | File)[] | undefined;
  /** The message that it answers, by its `id`; by its `clientId` as long as it has none. */
  replyToId?: string | undefined;
}

/** Where a message goes: into a conversation, or to a user with whom there need not be one yet. */
export type Recipient =
  | { conversationId: string; receiverId?: undefined }
  | { receiverId: string; conversationId?: undefined };

export type OutgoingMessage = OutgoingContent & Recipient;

/** A message as it is in `items`, or what of it says which it is. */
export type MessageReference = Pick<MessageItem, 'conversationId' | 'id' | 'clientId'>;

export interface Sent {
  readonly clientId: string;
  /**
   * Resolves when it survives the end of the app, also where a file could not be read: then the message is kept as one that was
   * refused. Rejects only where this device can keep nothing.
   */
  readonly stored: Promise<void>;
}

export interface ClientOutbox extends Observable<readonly OutboxItem[]> {
  readonly items: readonly OutboxItem[];
  /** Now, rather than when it is due. Without a `clientId` all of them. */
  retry(clientId?: string): void;
  /**
   * Another text for one that was refused, or that has not left yet. With `attachments` a message that was refused goes out with these
   * in place of all its files, and with `[]` without any: one whose file could not be read (`UNREADABLE_FILE`) is mended so.
   */
  edit(clientId: string, content: string, attachments?: OutgoingContent['attachments']): Promise<void>;
  /** Drops one that has not left yet. False where it may have been sent. */
  drop(clientId: string): Promise<boolean>;
}

export function sourceOf(file: UploadSource | File): UploadSource {
  if (!(typeof File !== 'undefined' && file instanceof File)) return checked(file as UploadSource);
  const { name, type, size } = file;
  return {
    ...defined({ previewUrl: objectUrlOf(file) }),
    name,
    mimeType: type === '' ? 'application/octet-stream' : type,
    size,
    read: async (start, end) => {
      try {
        return new Uint8Array(await file.slice(start, end).arrayBuffer());
      } catch (cause) {
        throw new ChatError('UNREADABLE_FILE', 'The file could not be read.', { cause });
      }
    },
  };
}

/** From JavaScript anything may come; what cannot be kept must not enter the outbox. */
function checked(source: UploadSource): UploadSource {
  const { name, mimeType, size, read } = Object(source) as UploadSource;
  if (typeof name !== 'string' || typeof mimeType !== 'string' || !(size >= 0) || typeof read !== 'function')
    throw new ChatError('VALIDATION_FAILED', 'An attachment is no File.');
  return source;
}
