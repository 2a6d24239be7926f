import { Client, type Answer } from './client.js';
import { type Ledger, type Outcome, type SentMessage } from './ledger.js';
import { Random, sleep } from './random.js';

const USERS = 6;
/** Acts one user has under way at once. */
const LANES = 3;
const MIN_PAUSE_MS = 5;
const MAX_PAUSE_MS = 60;
const EMOJI = ['👍', '❤️', '😂', '🎉'];

const WEIGHTS = {
  send: 50,
  edit: 10,
  remove: 4,
  hide: 3,
  react: 12,
  read: 10,
  deliver: 4,
  type: 3,
  rename: 2,
  member: 4,
  leave: 0.5,
  befriend: 5,
  upload: 6,
  look: 3,
} as const;

interface Group {
  id: string;
  ownerId: string;
}

/** Several users who do everything that users do, all the time, and write down what they were answered. */
export class Workload {
  readonly clients: Client[] = [];
  readonly conversationIds: string[] = [];
  private readonly groups: Group[] = [];
  /** By conversation: who was in it at the beginning. */
  private readonly audience = new Map<string, string[]>();
  private isOver = false;

  private constructor(
    private readonly ledger: Ledger,
    private readonly random: Random,
  ) {}

  /** Everybody and what they share, before anything befalls the server. */
  static async prepare(url: string, ledger: Ledger, random: Random): Promise<Workload> {
    const workload = new Workload(ledger, random);
    const { clients } = workload;
    const tag = random.between(100_000, 999_999);
    for (let number = 0; number < USERS; number += 1)
      clients.push(await Client.register(url, `chaos_${tag}_${number}`, (text) => ledger.violation(text)));
    for (let first = 0; first < USERS; first += 2) {
      const [one, other] = [clients[first], clients[first + 1]] as [Client, Client];
      const { id } = await one.must('POST', '/conversations', { userId: other.id });
      workload.know(id, [one, other]);
    }
    for (let number = 0; number < 2; number += 1) {
      const owner = clients[number] as Client;
      const others = clients.filter((client) => client !== owner);
      // A user who was written to or is a friend may be added again later.
      for (const other of others) await workload.makeFriends(owner, other);
      const title = `group ${number}`;
      const { id } = await owner.must('POST', '/conversations', {
        type: 'GROUP',
        title,
        memberIds: others.map((other) => other.id),
      });
      workload.know(id, clients);
      workload.groups.push({ id, ownerId: owner.id });
      ledger.expectation(ledger.titles, id, title);
      for (const client of clients) ledger.expectation(ledger.members, `${id} ${client.id}`, true);
    }
    for (const client of clients) client.connect();
    return workload;
  }

  /** Until `end`; resolves when nothing is under way any more. */
  async run(): Promise<void> {
    await Promise.all(
      this.clients.flatMap((client) => Array.from({ length: LANES }, () => this.lane(client, this.random.fork()))),
    );
  }

  end(): void {
    this.isOver = true;
  }

  /** Sends again, with the same client id, whatever had no answer: then all of it is stored, once. */
  async settle(): Promise<void> {
    for (const message of this.ledger.messages) {
      if (message.outcome === 'refused') continue;
      const sender = this.clients.find(({ id }) => id === message.senderId) as Client;
      this.sent(message, await this.post(sender, message));
    }
  }

  close(): void {
    for (const client of this.clients) client.close();
  }

  private know(id: string, members: readonly Client[]): void {
    this.conversationIds.push(id);
    this.audience.set(
      id,
      members.map((member) => member.id),
    );
  }

  private async makeFriends(one: Client, other: Client): Promise<void> {
    const key = pair(one.id, other.id);
    if (this.ledger.friends.has(key)) return;
    const { id } = await one.must('POST', '/friends/requests', { userId: other.id });
    await other.must('POST', `/friends/requests/${id}/accept`);
    this.ledger.expectation(this.ledger.friends, key, true);
  }

  private async lane(client: Client, random: Random): Promise<void> {
    while (!this.isOver) {
      const act = random.weighted(WEIGHTS);
      await this.act(act, client, random);
      await sleep(random.between(MIN_PAUSE_MS, MAX_PAUSE_MS));
    }
  }

  private async act(act: keyof typeof WEIGHTS, client: Client, random: Random): Promise<void> {
    const { ledger } = this;
    const conversationId = random.one(this.conversationsOf(client));
    if (conversationId === undefined) return;
    switch (act) {
      case 'send':
        return this.send(client, conversationId, random, []);
      case 'upload': {
        const text = `file ${random.next()} ${'x'.repeat(random.between(10, 20_000))}`;
        const bytes = Buffer.from(text);
        const answer = await client.upload(bytes, 'notes.txt');
        ledger.count('upload', answer.outcome);
        if (answer.outcome !== 'acknowledged') return;
        const upload = { ownerId: client.id, bytes, used: true };
        ledger.uploads.set(answer.data.id, upload);
        return this.send(client, conversationId, random, [answer.data.id]);
      }
      case 'edit': {
        const message = this.ownMessage(client, random);
        if (message === undefined) return;
        return ledger.inTurn(message.clientId, async () => {
          const content = `${message.text} edited ${random.between(0, 999_999)}`;
          const answer = await this.either(
            client,
            random,
            ['edit_message', { messageId: message.id, content }],
            ['PATCH', `/messages/${message.id}`, { content }],
          );
          ledger.count('edit', answer.outcome);
          message.content.note(content, answer.outcome);
        });
      }
      case 'remove': {
        const message = this.ownMessage(client, random);
        if (message === undefined) return;
        return ledger.inTurn(message.clientId, async () => {
          const answer = await this.either(
            client,
            random,
            ['delete_message', { messageId: message.id }],
            ['DELETE', `/messages/${message.id}?for=everyone`],
          );
          ledger.count('delete', answer.outcome);
          message.deleted.note(true, answer.outcome);
        });
      }
      case 'hide': {
        const message = this.seenMessage(client, random);
        if (message === undefined) return;
        const key = `${message.id} ${client.id}`;
        return ledger.inTurn(key, async () => {
          const answer = await this.either(
            client,
            random,
            ['delete_message', { messageId: message.id, for: 'me' }],
            ['DELETE', `/messages/${message.id}?for=me`],
          );
          ledger.count('hide', answer.outcome);
          ledger.expectation(ledger.hidden, key, false).note(true, answer.outcome);
        });
      }
      case 'react': {
        const message = this.seenMessage(client, random);
        const emoji = random.one(EMOJI) ?? '👍';
        const remove = random.next() < 0.3;
        if (message === undefined) return;
        const key = `${message.id} ${client.id} ${emoji}`;
        return ledger.inTurn(key, async () => {
          const answer = await this.either(
            client,
            random,
            ['react', { messageId: message.id, emoji, remove }],
            [remove ? 'DELETE' : 'PUT', `/messages/${message.id}/reactions/${encodeURIComponent(emoji)}`],
          );
          ledger.count('react', answer.outcome);
          ledger.expectation(ledger.reactions, key, false).note(!remove, answer.outcome);
        });
      }
      case 'read':
      case 'deliver': {
        const message = this.seenMessage(client, random, conversationId);
        if (message?.seq === undefined) return;
        const { seq } = message;
        const answer =
          act === 'deliver'
            ? await client.emit('mark_delivered', { conversationId, seq })
            : await this.either(
                client,
                random,
                ['mark_read', { conversationId, seq }],
                ['POST', `/conversations/${conversationId}/read`, { seq }],
              );
        ledger.count(act, answer.outcome);
        if (answer.outcome !== 'acknowledged') return;
        const key = `${conversationId} ${client.id}`;
        const [map, value] =
          act === 'read' ? [ledger.read, answer.data.lastReadSeq] : [ledger.delivered, answer.data.lastDeliveredSeq];
        if (value < seq) ledger.violation(`cursor: ${act} of ${seq} was answered ${value}`);
        map.set(key, Math.max(map.get(key) ?? 0, value));
        return;
      }
      case 'type': {
        const answer = await client.emit('typing', { conversationId, isTyping: random.next() < 0.7 });
        return ledger.count('type', answer.outcome);
      }
      case 'rename': {
        const group = random.one(this.groups);
        if (group === undefined) return;
        const owner = this.client(group.ownerId);
        return ledger.inTurn(`title ${group.id}`, async () => {
          const title = `group ${random.between(0, 999_999)}`;
          const answer = await owner.call('PATCH', `/conversations/${group.id}`, { title });
          ledger.count('rename', answer.outcome);
          ledger.expectation(ledger.titles, group.id, '').note(title, answer.outcome);
        });
      }
      case 'member':
      case 'leave': {
        const group = random.one(this.groups);
        const subject = random.one(this.clients.filter(({ id }) => id !== group?.ownerId));
        if (group === undefined || subject === undefined) return;
        const key = `${group.id} ${subject.id}`;
        return ledger.inTurn(`member ${key}`, async () => {
          const joins = act === 'member' && random.next() < 0.8;
          const members = `/conversations/${group.id}/members`;
          const owner = this.client(group.ownerId);
          const answer =
            act === 'leave'
              ? await subject.call('POST', `/conversations/${group.id}/leave`)
              : joins
                ? await owner.call('POST', members, { memberIds: [subject.id] })
                : await owner.call('DELETE', `${members}/${subject.id}`);
          ledger.count(act, answer.outcome);
          ledger.expectation(ledger.members, key, true).note(joins, answer.outcome);
        });
      }
      case 'befriend': {
        // Owners stay everybody's friends: who is not may be kept from putting somebody back into a group.
        const plain = this.clients.filter(({ id }) => !this.groups.some(({ ownerId }) => ownerId === id));
        const other = random.one(plain.filter(({ id }) => id !== client.id));
        if (other === undefined || !plain.includes(client)) return;
        return ledger.inTurn(`friends ${pair(client.id, other.id)}`, () => this.befriend(client, other, random));
      }
      case 'look': {
        const answer = await client.call('GET', `/conversations/${conversationId}/messages?limit=20`);
        ledger.count('look', answer.outcome);
        if (answer.outcome !== 'acknowledged') return;
        const seqs = answer.data.items.map(({ seq }: { seq: number }) => seq);
        if (seqs.some((seq: number, index: number) => index > 0 && seq !== seqs[index - 1] + 1))
          ledger.violation(`page: history is not dense: ${seqs}`);
        return;
      }
    }
  }

  /** A whole little story, so that requests, answers and ends all come to pass. */
  private async befriend(client: Client, other: Client, random: Random): Promise<void> {
    const { ledger } = this;
    const friends = ledger.expectation(ledger.friends, pair(client.id, other.id), false);
    if (random.next() < 0.3) {
      const answer = await client.call('DELETE', `/friends/${other.id}`);
      ledger.count('unfriend', answer.outcome);
      return friends.note(false, answer.outcome);
    }
    const asked = await client.call('POST', '/friends/requests', { userId: other.id });
    ledger.count('ask', asked.outcome);
    // The other side may have asked in an earlier story that nobody answered: then this accepts.
    if (asked.outcome === 'acknowledged' && asked.data.status === 'ACCEPTED') return friends.note(true, 'acknowledged');
    if (asked.outcome === 'unknown') friends.note(true, 'unknown');
    if (asked.outcome !== 'acknowledged') return;
    const path = `/friends/requests/${asked.data.id}`;
    const accepts = random.next() < 0.7;
    const answered = await other.call('POST', `${path}/${accepts ? 'accept' : 'reject'}`);
    ledger.count(accepts ? 'accept' : 'reject', answered.outcome);
    if (accepts) friends.note(true, answered.outcome);
  }

  private async send(
    client: Client,
    conversationId: string,
    random: Random,
    attachmentIds: readonly string[],
  ): Promise<void> {
    const { ledger } = this;
    const message = ledger.message(client.id, conversationId, `text ${ledger.messages.length}`, attachmentIds);
    const answer = await this.either(
      client,
      random,
      ['send_message', { conversationId, ...payload(message) }],
      ['POST', `/conversations/${conversationId}/messages`, payload(message)],
    );
    ledger.count('send', answer.outcome);
    this.sent(message, answer);
    // As a client does that got no answer: once more, at once.
    if (answer.outcome === 'unknown') this.sent(message, await this.post(client, message));
  }

  private post(client: Client, message: SentMessage): Promise<Answer> {
    return client.call('POST', `/conversations/${message.conversationId}/messages`, payload(message));
  }

  private sent(message: SentMessage, { outcome, data }: Answer): void {
    if (outcome !== 'acknowledged') {
      if (outcome === 'unknown') message.isUncertain = true;
      // After a silence it was stored, or will be, or not.
      else if (message.id === undefined && !message.isUncertain) message.outcome = 'refused';
      return;
    }
    const stored = data.message ?? data;
    if (message.id !== undefined && (message.id !== stored.id || message.seq !== stored.seq))
      this.ledger.violation(
        `repeat: client id ${message.clientId} was answered ${message.id} (${message.seq}) and then ${stored.id} (${stored.seq})`,
      );
    Object.assign(message, { outcome: 'acknowledged', id: stored.id, seq: stored.seq });
  }

  private either(
    client: Client,
    random: Random,
    [event, body]: [string, unknown],
    [method, path, content]: [string, string, unknown?],
  ): Promise<Answer> {
    return random.next() < 0.6 ? client.emit(event, body) : client.call(method, path, content);
  }

  private conversationsOf(client: Client): string[] {
    return this.conversationIds.filter((id) => this.audience.get(id)?.includes(client.id));
  }

  /** One that its sender knows to be stored, not too old. */
  private ownMessage(client: Client, random: Random): SentMessage | undefined {
    return random.one(this.recent().filter(({ senderId }) => senderId === client.id));
  }

  private seenMessage(client: Client, random: Random, conversationId?: string): SentMessage | undefined {
    const mine = this.conversationsOf(client);
    return random.one(
      this.recent().filter((message) =>
        conversationId === undefined
          ? mine.includes(message.conversationId)
          : message.conversationId === conversationId,
      ),
    );
  }

  private recent(): SentMessage[] {
    return this.ledger.messages.slice(-200).filter(({ outcome }) => outcome === 'acknowledged');
  }

  private client(id: string): Client {
    return this.clients.find((client) => client.id === id) as Client;
  }
}

export function pair(one: string, other: string): string {
  return one < other ? `${one} ${other}` : `${other} ${one}`;
}

function payload({ text, clientId, attachmentIds }: SentMessage): Record<string, unknown> {
  return { content: text, clientId, ...(attachmentIds.length === 0 ? {} : { attachmentIds }) };
}

export type { Outcome };
