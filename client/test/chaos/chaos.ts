import { House } from '../../../test/chaos/house.js';
import type { OutboxItem } from '../../src/outbox/types.js';
import type { Conversation, Message, MessagePage } from '../../src/protocol/protocol.generated.js';
import type { MessageItem } from '../../src/store/types.js';
import { Chance } from '../sync/model-server.js';
import { Phone } from './phone.js';

/** Without any progress: a busy machine may take as long as it needs. */
const WAIT_TIMEOUT_MS = 120_000;
const A_DAY_MS = 86_400_000;
/** The smallest picture. */
const PIXEL = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
  'base64',
);

export interface ChaosOptions {
  seed: number;
  sends: number;
  log?: (line: string) => void;
}

export interface ChaosResult {
  violations: string[];
  sent: number;
  faults: number;
}

interface Person {
  name: string;
  id: string;
  token: string;
  phones: Phone[];
}

/** What one process of a phone typed into a conversation, in order. */
interface Typed {
  person: string;
  phone: string;
  conversationId: string;
  clientId: string;
  isStored: boolean;
  isDeleted: boolean;
}

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
const quietly = (work: Promise<unknown>): void => void work.catch(() => undefined);

/**
 * Three people with two phones each write to one another while everything fails that can fail. In the end every message is
 * there once and in order, every phone shows what the server has, no outbox holds anything, and nobody had to tap.
 */
export class Chaos {
  readonly #chance: Chance;
  readonly #people: Person[] = [];
  readonly #typed: Typed[] = [];
  readonly #violations: string[] = [];
  #conversations: string[] = [];
  #faults = 0;
  #count = 0;

  private constructor(
    private readonly house: House,
    private readonly options: ChaosOptions,
  ) {
    this.#chance = new Chance(options.seed);
  }

  static async run(options: ChaosOptions): Promise<ChaosResult> {
    const house = await House.build('embedded', { ACCESS_TOKEN_SECONDS: '45' });
    const chaos = new Chaos(house, options);
    try {
      await chaos.#settle();
      await chaos.#rage();
      await chaos.#calm();
      await chaos.#judge();
    } catch (error) {
      chaos.#violations.push(error instanceof Error ? (error.stack ?? error.message) : String(error));
    } finally {
      for (const phone of chaos.#phones) await Promise.race([phone.client.close(), sleep(5_000)]);
      await house.close();
      house.remove();
    }
    const violations = [...chaos.#violations, ...house.violations];
    return { violations, sent: chaos.#typed.length, faults: chaos.#faults };
  }

  get #phones(): Phone[] {
    return this.#people.flatMap(({ phones }) => phones);
  }

  #log(line: string): void {
    this.options.log?.(line);
  }

  async #call<Body>(method: string, path: string, token: string, body?: unknown): Promise<Body> {
    const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
    const init = { method, headers, ...(body === undefined ? {} : { body: JSON.stringify(body) }) };
    const ask = (): Promise<Response> => fetch(`${this.house.url}${path}`, init);
    // A connection that was kept may have ended with the server that was killed.
    const response = await ask().catch(ask);
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`);
    return (await response.json()) as Body;
  }

  async #settle(): Promise<void> {
    for (const name of ['ada', 'grace', 'mary']) {
      const credentials = { username: name, email: `${name}@example.com`, password: 'a long password' };
      const phones = [0, 1].map(
        (index) =>
          new Phone(`${name}${index}`, this.house.url, index === 0 ? 0 : this.#chance.pick([-A_DAY_MS, A_DAY_MS])),
      );
      await phones[0]?.client.register(credentials);
      for (const phone of phones.slice(1)) await phone.client.login({ username: name, password: credentials.password });
      this.#people.push({ name, id: '', token: '', phones });
    }
    for (const person of this.#people) await this.#logIn(person);
    const [ada, grace, mary] = this.#people as [Person, Person, Person];
    const make = async (body: unknown): Promise<void> => {
      const { id } = await this.#call<Conversation>('POST', '/conversations', ada.token, body);
      this.#conversations.push(id);
    };
    await make({ type: 'DIRECT', userId: grace.id });
    await make({ type: 'DIRECT', userId: mary.id });
    await make({ type: 'GROUP', title: 'all', memberIds: [grace.id, mary.id] });
    await this.#until('every phone is live', () => this.#phones.every((phone) => isLive(phone)));
  }

  /** A session of the judge's own. Its token lives as short as all others. */
  async #logIn(person: Person): Promise<void> {
    const body = { username: person.name, password: 'a long password' };
    person.token = (await this.#call<{ accessToken: string }>('POST', '/auth/login', '', body)).accessToken;
    person.id = (await this.#call<{ id: string }>('GET', '/users/me', person.token)).id;
  }

  // What people do

  async #rage(): Promise<void> {
    const faults = this.#fail();
    while (this.#typed.length < this.options.sends) {
      this.#act();
      await sleep(this.#chance.is(30) ? this.#chance.below(200) : 0);
    }
    this.#isOver = true;
    await faults;
    this.#log(`${this.#typed.length} sends, ${this.#faults} faults`);
  }

  #isOver = false;

  #act(): void {
    const person = this.#chance.pick(this.#people);
    const phone = this.#chance.pick(person.phones);
    const { client } = phone;
    const open = this.#conversations.filter((id) => client.observe(`conversation:${id}`).getSnapshot() !== undefined);
    if (open.length === 0) return;
    const conversationId = this.#chance.pick(open);
    const dice = this.#chance.below(100);
    if (dice < 70) return this.#send(person, phone, conversationId);
    const { items } = client.messages(conversationId);
    const message = items.length === 0 ? undefined : this.#chance.pick(items.slice(-10));
    if (message === undefined || message.state === 'rejected' || message.deletedAt !== null) return;
    if (dice < 78) {
      if (message.senderId === person.id && message.kind !== 'SYSTEM')
        quietly(client.edit(message, `edited ${this.#count++}`));
    } else if (dice < 80) {
      if (message.senderId !== person.id || message.kind === 'SYSTEM') return;
      // One that has not left yet never will.
      for (const typed of this.#typed) if (typed.clientId === message.clientId) typed.isDeleted = true;
      quietly(client.delete(message));
    } else if (dice < 88) {
      if (message.kind !== 'SYSTEM')
        quietly(client.react(message, this.#chance.pick(['👍', '🎉']), { remove: this.#chance.is(30) }));
    } else if (dice < 97) quietly(client.markRead(conversationId));
    else if (dice < 98) client.typing(conversationId, true);
    else if (this.#chance.is(50)) client.messages(conversationId).open();
  }

  #send(person: Person, phone: Phone, conversationId: string): void {
    const content = `${phone.name} ${this.#count++}`;
    const attachments = this.#chance.is(3) ? [new File([PIXEL], 'pixel.png', { type: 'image/png' })] : [];
    const { clientId, stored } = phone.client.send({ conversationId, content, attachments });
    const typed: Typed = {
      person: person.name,
      phone: phone.name,
      conversationId,
      clientId,
      isStored: false,
      isDeleted: false,
    };
    this.#typed.push(typed);
    void stored.then(
      () => (typed.isStored = true),
      () => undefined,
    );
  }

  // What fails

  async #fail(): Promise<void> {
    while (!this.#isOver) {
      await sleep(100 + this.#chance.below(900));
      const phone = this.#chance.pick(this.#phones);
      const { clients } = this.house;
      const faults: Record<string, () => Promise<void> | void> = {
        'connections cut': () => clients.cut(),
        'black hole': () =>
          this.#forAWhile(
            () => clients.stall(),
            () => clients.heal(),
          ),
        'answers lost': () =>
          this.#forAWhile(
            () => clients.loseAnswers(),
            () => clients.heal(),
          ),
        'app in the background': () =>
          this.#forAWhile(
            () => phone.background(),
            () => phone.foreground(),
          ),
        'app frozen': () =>
          this.#forAWhile(
            () => phone.freeze(),
            () => phone.thaw(),
          ),
        'app killed': () => phone.restart(),
        'app killed in the background': () =>
          this.#forAWhile(
            () => phone.background(),
            () => phone.restart(),
          ),
        'storage fails': () => void (phone.storageFailures = 1 + this.#chance.below(4)),
        'server killed': () => this.#killServer(),
        'cursors reset': () => this.#resetCursors(),
      };
      const name = this.#chance.pick(Object.keys(faults));
      this.#log(`${name}, ${phone.name}`);
      this.#faults += 1;
      await faults[name]?.();
    }
  }

  async #forAWhile(begin: () => void, end: () => void): Promise<void> {
    begin();
    await sleep(100 + this.#chance.below(2_500));
    end();
  }

  async #killServer(): Promise<void> {
    await this.house.killServer();
    await sleep(this.#chance.below(1_000));
    await this.house.start();
  }

  /** As after a restore from a backup: every cursor is of another database. */
  async #resetCursors(): Promise<void> {
    const database = await this.house.database();
    await database.query('UPDATE database_identity SET restored = gen_random_uuid()');
    await database.end();
  }

  // What must be

  async #calm(): Promise<void> {
    this.house.clients.heal();
    for (const phone of this.#phones) {
      phone.storageFailures = 0;
      phone.thaw();
      phone.foreground();
    }
    const left = (): number => this.#phones.reduce((sum, phone) => sum + this.#left(phone).length, 0);
    await this.#until(
      'every phone is live, and its outbox empty',
      () => left() === 0 && this.#phones.every(isLive),
      WAIT_TIMEOUT_MS,
      left,
    );
  }

  /** A file whose copying ended with the process is gone: its message says so, and the user decides. */
  #left({ client }: Phone): readonly OutboxItem[] {
    const stored = new Set(this.#typed.flatMap(({ clientId, isStored }) => (isStored ? [clientId] : [])));
    return client.outbox.items.filter(
      ({ clientId, lastError }) => stored.has(clientId) || lastError?.code !== 'UNREADABLE_FILE',
    );
  }

  async #judge(): Promise<void> {
    for (const person of this.#people) {
      for (const conversationId of this.#conversations) {
        await this.#logIn(person);
        const view = await this.#call<Conversation>('GET', `/conversations/${conversationId}`, person.token).catch(
          () => undefined,
        );
        if (view === undefined) continue;
        const messages = await this.#history(conversationId, person.token);
        if (person === this.#people[0] || view.type === 'DIRECT') this.#judgeSends(conversationId, messages);
        for (const phone of person.phones) await this.#compare(phone, view, messages, person.token);
      }
    }
  }

  async #history(conversationId: string, token: string): Promise<Message[]> {
    const messages: Message[] = [];
    for (let hasAfter = true; hasAfter; ) {
      const after = messages.at(-1)?.seq ?? 0;
      const page = await this.#call<MessagePage>(
        'GET',
        `/conversations/${conversationId}/messages?after=${after}&limit=100`,
        token,
      );
      messages.push(...page.items);
      ({ hasAfter } = page);
    }
    return messages;
  }

  /** Everything that was kept is there once, and what one phone typed in its order. */
  #judgeSends(conversationId: string, messages: readonly Message[]): void {
    const places = new Map<string, number>();
    for (const { clientId, seq } of messages) {
      if (clientId === null) continue;
      if (places.has(clientId)) this.#violations.push(`doubled: ${clientId}`);
      places.set(clientId, seq);
    }
    const last = new Map<string, number>();
    for (const { phone, clientId, isStored, isDeleted, ...typed } of this.#typed) {
      if (typed.conversationId !== conversationId) continue;
      const seq = places.get(clientId);
      if (seq === undefined) {
        if (isStored && !isDeleted) this.#violations.push(`lost: ${clientId} of ${phone}`);
        continue;
      }
      if (seq < (last.get(phone) ?? 0)) this.#violations.push(`overtaken: ${clientId} of ${phone} at ${seq}`);
      last.set(phone, Math.max(seq, last.get(phone) ?? 0));
    }
  }

  async #compare(phone: Phone, view: Conversation, messages: readonly Message[], token: string): Promise<void> {
    const { client } = phone;
    const window = client.messages(view.id);
    const close = window.open();
    const stored = new Map(messages.map((message) => [message.seq, JSON.stringify(shownAs([message]))]));
    /** What is wrong with what is shown at the moment. */
    const fault = (isNewest: boolean): string | undefined => {
      const { items } = window.getSnapshot();
      const wrong = items.find((item) => JSON.stringify(shownAs([item])) !== stored.get(item.seq ?? 0));
      if (wrong !== undefined) return `${JSON.stringify(shownAs([wrong]))} for ${stored.get(wrong.seq ?? 0)}`;
      const [first, last] = [items[0]?.seq ?? 1, items.at(-1)?.seq ?? 0];
      if (items.length !== last - first + 1) return `a gap between ${first} and ${last}`;
      if (isNewest && last !== (messages.at(-1)?.seq ?? 0)) return `nothing after ${last} of ${messages.length}`;
      return undefined;
    };
    try {
      await window.jumpToNewest();
      await this.#until('its messages are there', () => fault(true) === undefined);
      for (let pages = 0; pages < 200 && window.getSnapshot().hasOlder; pages += 1) {
        await window.loadOlder();
        await this.#until('older messages are there', () => fault(false) === undefined);
      }
      if (window.getSnapshot().hasOlder) throw new Error('It has no beginning.');
    } catch (error) {
      const what = fault(false) ?? fault(true) ?? String(error).split('\n')[0];
      this.#violations.push(`${phone.name} shows in a conversation of ${messages.length}: ${what}`);
    }
    const [is, should] = [
      summary(client.observe(`conversation:${view.id}`).getSnapshot()),
      summary(await this.#call<Conversation>('GET', `/conversations/${view.id}`, token)),
    ];
    if (is !== should) this.#violations.push(`${phone.name} lists ${is} for ${should}`);
    close();
  }

  async #until(what: string, isSo: () => boolean, timeoutMs = WAIT_TIMEOUT_MS, left = (): number => 0): Promise<void> {
    let [end, least] = [Date.now() + timeoutMs, left()];
    for (; !isSo(); await sleep(20)) {
      if (left() < least) [end, least] = [Date.now() + timeoutMs, left()];
      if (Date.now() < end) continue;
      const states = this.#phones.map((phone) => {
        const { name, client } = phone;
        const items = this.#left(phone).map(({ state, command, lastError, attempts }) => ({
          state,
          type: command.type,
          lastError,
          attempts,
        }));
        return `${name} ${JSON.stringify(client.connection.getSnapshot())} ${items.length} ${JSON.stringify(items.slice(0, 3))}`;
      });
      throw new Error(`not within ${timeoutMs} ms: ${what}\n${states.join('\n')}`);
    }
  }
}

const isLive = ({ client }: Phone): boolean => client.connection.getSnapshot().status === 'live';

/** What a person sees of messages; addresses of files are signed anew each time. */
function shownAs(items: readonly (MessageItem | Message)[]): unknown[] {
  return items.map(({ id, seq, version, senderId, content, deletedAt, attachments, reactions }) => ({
    id,
    seq,
    version,
    senderId,
    content,
    isDeleted: deletedAt !== null,
    files: attachments.map((attachment) => attachment.id),
    reactions: reactions.map(({ emoji, count, mine }) => [emoji, count, mine]).sort(),
  }));
}

function summary(view: Conversation | undefined): string {
  if (view === undefined) return 'nothing';
  const { lastSeq, lastMessage, lastMessageBy, lastMessageKind, me, members } = view;
  const cursors = members
    .map(({ user, lastReadSeq, lastDeliveredSeq }) => [user.id, lastReadSeq, lastDeliveredSeq])
    .sort();
  return JSON.stringify({
    lastSeq,
    lastMessage,
    lastMessageBy,
    lastMessageKind,
    unread: me.unreadCount,
    read: me.lastReadSeq,
    cursors,
  });
}
