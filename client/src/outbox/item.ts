import { pendingConversationId } from './recipient.js';
import type { KeptFile, OutboxCommand, OutboxItem, UploadSource } from './types.js';

/** A command that waits for its first try. */
export function newItem(
  command: OutboxCommand,
  files: readonly KeptFile[],
  sequence: number,
  createdAt: number,
): OutboxItem {
  return {
    clientId: command.clientId,
    command,
    lane: laneOf(command),
    sequence,
    state: 'queued',
    attempts: 0,
    createdAt,
    ...(files.length > 0 ? { files } : {}),
  };
}

/** @throws TypeError what no storage can keep */
export function keptFile(id: string, { name, mimeType, size, previewUrl, voice }: UploadSource): KeptFile {
  return storable({ id, name, mimeType, size, previewUrl, voice: voice || undefined }) as KeptFile;
}

/**
 * From JavaScript anything may come. What no storage keeps would hold up all that is typed after it.
 * @throws TypeError
 */
export const storable = <Value>(value: Value): Value => JSON.parse(JSON.stringify(value)) as Value;

export function laneOf(command: OutboxCommand): string {
  return command.conversationId ?? pendingConversationId((command as { receiverId?: string }).receiverId ?? '');
}

/** Nothing of it can have reached the server, or the server has refused it: it may be changed or dropped as if never done. */
export function isOnlyHere({ state, attempts }: OutboxItem): boolean {
  return state === 'rejected' || (attempts === 0 && state !== 'sending');
}

/**
 * The send whose message it changes or answers, which has no id yet. Behind one that is refused nothing waits but its changes.
 */
export function waitsFor({ command }: OutboxItem): string | undefined {
  if (command.type === 'send') return command.replyToClientId;
  return 'target' in command && 'clientId' in command.target ? command.target.clientId : undefined;
}
