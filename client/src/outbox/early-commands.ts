import { Listeners } from '../connection/listeners.js';
import type { Observable } from '../connection/types.js';
import { pendingConversationId } from './recipient.js';
import type { KeptFile, OutboxCommand, OutboxItem, UploadSource } from './types.js';

export interface EarlyCommand {
  command: OutboxCommand;
  files: readonly UploadSource[];
  /** Whose conversations were shown. */
  userId: string | undefined;
  /** Settles the promise of whoever gave it. */
  settle: (result: Promise<void>) => void;
}

/**
 * What the user does before the outbox is there, in memory: shown as the outbox will show it, and given to it in the same
 * order.
 */
export class EarlyCommands implements Observable<readonly OutboxItem[]> {
  #commands: readonly EarlyCommand[] = [];
  #items: readonly OutboxItem[] = [];
  readonly #listeners = new Listeners();

  readonly getSnapshot = (): readonly OutboxItem[] => this.#items;

  readonly subscribe = this.#listeners.add;

  /** @throws TypeError what no storage can keep */
  add(given: EarlyCommand, createdAt: number): void {
    const command = storable(given.command);
    const { clientId } = command;
    const files = given.files.map((source, index): KeptFile => storable({ ...source, id: `${clientId}/${index}` }));
    const item: OutboxItem = {
      clientId,
      command,
      lane: laneOf(command),
      sequence: this.#items.length,
      state: 'queued',
      attempts: 0,
      createdAt,
      ...(files.length > 0 ? { files } : {}),
    };
    this.#commands = [...this.#commands, given];
    this.#items = [...this.#items, item];
    this.#listeners.call();
  }

  /** Takes one out; false where it is gone already. */
  remove(given: EarlyCommand): boolean {
    const place = this.#commands.indexOf(given);
    if (place < 0) return false;
    this.#commands = this.#commands.filter((_, index) => index !== place);
    this.#items = this.#items.filter((_, index) => index !== place);
    this.#listeners.call();
    return true;
  }

  /** Takes out all. Nobody is notified: from now on somebody else shows them. */
  takeAll(): readonly EarlyCommand[] {
    const commands = this.#commands;
    this.#commands = [];
    this.#items = [];
    return commands;
  }
}

/**
 * From JavaScript anything may come. What no storage keeps would hold up all that is typed after it.
 * @throws TypeError
 */
export const storable = <Value>(value: Value): Value => JSON.parse(JSON.stringify(value)) as Value;

export function laneOf(command: OutboxCommand): string {
  return command.conversationId ?? pendingConversationId((command as { receiverId?: string }).receiverId ?? '');
}
