import type { OutboxItem } from '../../src/outbox/types.js';
import type { Message } from '../../src/protocol/protocol.generated.js';
import { ME } from '../sync/model-server.js';
import type { World } from './device.js';

/** Something that the user did; kept, where the client said so before its process died. */
export interface Deed<Value> {
  readonly value: Value;
  isKept: boolean;
}

/** A message that the user typed, and what was done to it, each in the order of doing. */
export interface Typed {
  readonly clientId: string;
  readonly lane: string;
  readonly hasFile: boolean;
  /** The message that it answers. */
  readonly answered: Typed | undefined;
  /** The first is what was sent, those after it are edits. */
  readonly texts: Deed<string>[];
  readonly deletions: Deed<true>[];
  /** By emoji: given, or taken back. */
  readonly reactions: Map<string, Deed<boolean>[]>;
}

/** What may be true in the end: the last that was kept, or one that was done later and died with its process. */
function possible<Value>(deeds: readonly Deed<Value>[], before: readonly Value[] = []): Value[] {
  const last = deeds.findLastIndex(({ isKept }) => isKept);
  return [...(last < 0 ? before : []), ...deeds.slice(Math.max(0, last)).map(({ value }) => value)];
}

/** What the user did in some conversations, and what must have become of it when everything has been sent. */
export class Done {
  readonly typed: Typed[] = [];
  readonly reads = new Map<string, Deed<number>[]>();

  constructor(private readonly world: World) {}

  stored({ lane, clientId }: Typed): Message | undefined {
    return this.#own(lane).find((message) => message.clientId === clientId);
  }

  #own(lane: string): Message[] {
    const messages = this.world.server.rooms.get(lane)?.messages ?? [];
    return messages.filter(({ senderId, clientId }) => senderId === ME && clientId !== null);
  }

  /** Returns what is wrong, with what the outbox still holds. */
  faults(outbox: readonly OutboxItem[]): string[] {
    const held = new Map(outbox.map((item) => [item.clientId, item]));
    return [
      ...this.typed.flatMap((typed) => {
        const message = this.stored(typed);
        const wrong =
          message === undefined
            ? this.#ofUnsent(typed, held.get(typed.clientId))
            : [...(held.has(typed.clientId) ? ['is sent and held'] : []), ...this.#ofSent(typed, message)];
        return wrong.map((what) => `${typed.clientId} ${what}`);
      }),
      ...outbox
        .filter((item) => !this.#mayBeHeld(item, held))
        .map((item) => `the outbox holds ${JSON.stringify(item)}`),
      ...[...new Set(this.typed.map(({ lane }) => lane))].flatMap((lane) => this.#ofOrder(lane)),
      ...[...this.reads].flatMap(([lane, reads]) => this.#ofReads(lane, reads)),
    ];
  }

  #ofSent(typed: Typed, message: Message): string[] {
    if (message.deletedAt !== null) return typed.deletions.length > 0 ? [] : ['was deleted by nobody'];
    const text = message.content?.split(' ')[0] ?? '';
    const reactions = [...typed.reactions].filter(
      ([emoji, deeds]) => !possible(deeds, [false]).includes(message.reactions.some((one) => one.emoji === emoji)),
    );
    const { answered } = typed;
    const target = answered && this.stored(answered);
    const quoted = this.world.answers.get(typed.clientId);
    return [
      ...(typed.deletions.some(({ isKept }) => isKept) ? ['is there although it was deleted'] : []),
      ...(possible(typed.texts).includes(text) ? [] : [`reads ${text}, not ${possible(typed.texts).join(' or ')}`]),
      ...reactions.map(([emoji]) => `has another ${emoji} than was given`),
      ...(quoted !== undefined && quoted !== target?.id ? [`answers ${quoted}`] : []),
      ...(answered && target && quoted === undefined && !this.#wasRefused(answered) ? ['answers nothing'] : []),
    ];
  }

  #ofUnsent(typed: Typed, item: OutboxItem | undefined): string[] {
    const { texts, deletions } = typed;
    if (item === undefined) return texts.some(({ isKept }) => isKept) && deletions.length === 0 ? ['is lost'] : [];
    const text = 'content' in item.command ? (item.command.content ?? '') : '';
    return [
      ...(deletions.some(({ isKept }) => isKept) ? ['is held although it was deleted'] : []),
      ...(possible(texts).includes(text) ? [] : [`is held as ${text}`]),
    ];
  }

  /** Nothing but what the server or its lost file refuses, and reactions to it. */
  #mayBeHeld({ clientId, command, state, lastError }: OutboxItem, held: ReadonlyMap<string, OutboxItem>): boolean {
    if (command.type === 'react') return 'clientId' in command.target && held.has(command.target.clientId);
    if (command.type !== 'send' || state !== 'rejected') return false;
    const typed = this.typed.find((one) => one.clientId === clientId);
    // An edit that came too late becomes its text, and waits for the user with it.
    if (lastError?.code !== 'UNREADABLE_FILE')
      return typed?.texts.some(({ value }) => this.world.refused.has(value)) === true;
    // A file that was not copied yet when the process died is gone, as may be one whose message was being deleted: it says so.
    return typed?.texts[0]?.isKept === false || (typed?.deletions.length ?? 0) > 0;
  }

  /** What was refused is sent when it was changed, after what was typed later; a reply to it quotes nothing. */
  #wasRefused({ texts, hasFile, deletions }: Typed): boolean {
    const isCut = hasFile && (texts[0]?.isKept === false || deletions.length > 0);
    return isCut || texts.some(({ value }) => this.world.refused.has(value));
  }

  #ofOrder(lane: string): string[] {
    const order = this.typed.filter((typed) => !this.#wasRefused(typed)).map(({ clientId }) => clientId);
    const all = this.#own(lane).map(({ clientId }) => clientId ?? '');
    const places = all.filter((clientId) => order.includes(clientId)).map((clientId) => order.indexOf(clientId));
    return [
      ...all.filter((clientId, index) => all.indexOf(clientId) !== index).map((clientId) => `${clientId} is twice`),
      ...places
        .filter((place, index) => place < (places[index - 1] ?? 0))
        .map((place) => `${order[place]} was overtaken`),
    ];
  }

  #ofReads(lane: string, reads: readonly Deed<number>[]): string[] {
    const read = this.world.server.rooms.get(lane)?.members.get(ME)?.readSeq ?? 0;
    const kept = Math.max(0, ...reads.filter(({ isKept }) => isKept).map(({ value }) => value));
    const most = Math.max(0, ...reads.map(({ value }) => value), ...this.#own(lane).map(({ seq }) => seq));
    return read < kept || read > most ? [`${lane} is read up to ${read}, not ${kept} to ${most}`] : [];
  }
}
