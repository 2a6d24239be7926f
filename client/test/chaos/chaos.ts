import { randomBytes } from 'node:crypto';
import { House } from '../../../test/chaos/house.js';
import type { OutboxItem } from '../../src/outbox/types.js';
import type { Conversation, Message, MessagePage } from '../../src/protocol/protocol.generated.js';
import type { MessageItem } from '../../src/store/types.js';
import { Chance } from '../sync/model-server.js';
import { Phone, type StorageFault } from './phone.js';

/** Without any progress: a busy machine may take as long as it needs. */
const WAIT_TIMEOUT_MS = 120_000;
const A_DAY_MS = 86_400_000;
/** Short enough to be renewed several times. */
const ACCESS_TOKEN_SECONDS = '10';
/** How long the judge waits before it asks a busy server again. */
const PAUSE_MS = 200;
const PASSWORD = 'a long password';
/** One message of so many has a file that goes in several requests, which may be broken off between them. */
const LARGE_FILE_EVERY = 70;
/** More than the four pieces of one request. */
const LARGE_FILE = randomBytes(1_200_000);
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
  /** How often each kind came. */
  faults: Readonly<Record<string, number>>;
  /** What the judge finds in a history in which one message is missing, one is there twice, and two have changed places. */
  sabotageFound: string[];
}

interface Person {
  name: string;
  id: string;
  token: string;
  phones: Phone[];
}

interface Place {
  id: string;
  people: readonly Person[];
}

class Refusal extends Error {
  constructor(
    readonly status: number,
    message: string,
  ) {
    super(message);
  }
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
/** Keeps no process alive. */
const atMost = (ms: number): Promise<void> => new Promise((resolve) => void setTimeout(resolve, ms).unref());
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
  readonly #conversations: Place[] = [];
  readonly #histories = new Map<string, readonly Message[]>();
  readonly #faults: Record<string, number> = {};
  #count = 0;

  private constructor(
    private readonly house: House,
    private readonly options: ChaosOptions,
  ) {
    this.#chance = new Chance(options.seed);
  }

  static async run(options: ChaosOptions): Promise<ChaosResult> {
    const house = await House.build('embedded', { ACCESS_TOKEN_SECONDS });
    const chaos = new Chaos(house, options);
    let sabotageFound: string[] = [];
    try {
      await chaos.#settle();
      await chaos.#rage();
      await chaos.#calm();
      chaos.#log('calm');
      await chaos.#judge();
      chaos.#log('judged');
      sabotageFound = chaos.#sabotage();
    } catch (error) {
      chaos.#violations.push(error instanceof Error ? (error.stack ?? error.message) : String(error));
    } finally {
      for (const phone of chaos.#phones) await Promise.race([phone.client.close(), atMost(5_000)]);
      await house.close();
      house.remove();
    }
    const violations = [...chaos.#violations, ...house.violations];
    return { violations, sent: chaos.#typed.length, faults: chaos.#faults, sabotageFound };
  }

  get #phones(): Phone[] {
    return this.#people.flatMap(({ phones }) => phones);
  }

  #log(line: string): void {
    this.options.log?.(line);
  }

  /** Again and again while the server is busy; a token that has expired is renewed. */
  async #call<Body>(method: string, path: string, person?: Person, body?: unknown): Promise<Body> {
    for (const end = Date.now() + WAIT_TIMEOUT_MS; ; await sleep(PAUSE_MS)) {
      const headers = { authorization: `Bearer ${person?.token ?? ''}`, 'content-type': 'application/json' };
      const init = { method, headers, ...(body === undefined ? {} : { body: JSON.stringify(body) }) };
      const ask = (): Promise<Response> => fetch(`${this.house.url}${path}`, init);
      // A connection that was kept may have ended with the server that was killed.
      const response = await ask().catch(ask);
      if (response.ok) return (await response.json()) as Body;
      const refusal = new Refusal(response.status, `${method} ${path}: ${response.status} ${await response.text()}`);
      const isExpired = response.status === 401 && person !== undefined;
      if (Date.now() > end || !(isExpired || response.status === 429 || response.status === 503)) throw refusal;
      if (isExpired) await this.#logIn(person);
    }
  }

  async #settle(): Promise<void> {
    for (const name of ['ada', 'grace', 'mary']) {
      const credentials = { username: name, email: `${name}@example.com`, password: PASSWORD };
      const phones = [0, 1].map((index) => {
        let sessions = 0;
        return new Phone(`${name}${index}`, this.house.url, {
          clockError: index === 0 ? 0 : this.#chance.pick([-A_DAY_MS, A_DAY_MS]),
          renewed: () => {
            if ((sessions += 1) > 1) this.#came('token renewed');
          },
        });
      });
      await phones[0]?.client.register(credentials);
      for (const phone of phones.slice(1)) await phone.client.login({ username: name, password: PASSWORD });
      this.#people.push({ name, id: '', token: '', phones });
    }
    for (const person of this.#people) await this.#logIn(person);
    const [ada, grace, mary] = this.#people as [Person, Person, Person];
    const make = async (body: unknown, others: readonly Person[]): Promise<void> => {
      const { id } = await this.#call<Conversation>('POST', '/conversations', ada, body);
      this.#conversations.push({ id, people: [ada, ...others] });
    };
    await make({ type: 'DIRECT', userId: grace.id }, [grace]);
    await make({ type: 'DIRECT', userId: mary.id }, [mary]);
    await make({ type: 'GROUP', title: 'all', memberIds: [grace.id, mary.id] }, [grace, mary]);
    await this.#until('every phone is live', () => this.#phones.every((phone) => isLive(phone)));
  }

  /** A session of the judge's own. Its token lives as short as all others. */
  async #logIn(person: Person): Promise<void> {
    const body = { username: person.name, password: PASSWORD };
    person.token = (await this.#call<{ accessToken: string }>('POST', '/auth/login', undefined, body)).accessToken;
    person.id = (await this.#call<{ id: string }>('GET', '/users/me', person)).id;
  }

  // What people do

  async #rage(): Promise<void> {
    const faults = this.#fail().finally(() => (this.#isOver = true));
    const isEnough = (): boolean => this.#typed.length >= this.options.sends;
    try {
      // Until each kind of fault has come.
      while (!this.#isOver && !(isEnough() && Object.values(this.#faults).every((count) => count > 0))) {
        this.#act();
        await sleep(isEnough() ? PAUSE_MS : this.#chance.is(30) ? this.#chance.below(200) : 0);
      }
    } finally {
      this.#isOver = true;
      await faults;
    }
    this.#log(`${this.#typed.length} sends, ${JSON.stringify(this.#faults)}`);
  }

  #isOver = false;

  #act(): void {
    const person = this.#chance.pick(this.#people);
    const phone = this.#chance.pick(person.phones);
    const { client } = phone;
    const open = this.#conversations.filter(
      ({ id }) => client.observe(`conversation:${id}`).getSnapshot() !== undefined,
    );
    if (phone.isFrozen || open.length === 0) return;
    const { id: conversationId, people } = this.#chance.pick(open);
    const dice = this.#chance.below(100);
    if (dice < 66) return this.#send(person, phone, conversationId);
    if (dice < 70) return this.#set(person, phone, conversationId, people);
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
    const isLarge = this.#typed.length % LARGE_FILE_EVERY === LARGE_FILE_EVERY - 1;
    const picture = this.#chance.is(3) ? [new File([PIXEL], 'pixel.png', { type: 'image/png' })] : [];
    const attachments = isLarge ? [new File([LARGE_FILE], 'large.bin')] : picture;
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

  /** What is asked for at once, and not through the outbox: it fails without a network, and nobody tries again. */
  #set(person: Person, { client }: Phone, conversationId: string, people: readonly Person[]): void {
    const { conversations } = client;
    const [owner] = people;
    const dice = this.#chance.below(5);
    const isSo = this.#chance.is(50);
    if (dice === 0) quietly(conversations.updateOwn(conversationId, { pinned: isSo }));
    else if (dice === 1) quietly(conversations.updateOwn(conversationId, { archived: isSo }));
    else if (dice === 2) {
      const mutedUntil = isSo ? new Date(Date.now() + A_DAY_MS).toISOString() : null;
      quietly(conversations.updateOwn(conversationId, { mutedUntil }));
    } else if (people.length > 2 && person === owner) {
      if (dice === 3) quietly(conversations.update(conversationId, { title: `all ${this.#count++}` }));
      else {
        const { id } = this.#chance.pick(people.slice(1));
        quietly(conversations.updateMember(conversationId, id, isSo ? 'ADMIN' : 'MEMBER'));
      }
    }
  }

  // What fails

  #came(name: string): void {
    this.#faults[name] = (this.#faults[name] ?? 0) + 1;
  }

  async #fail(): Promise<void> {
    const { clients } = this.house;
    const faults: Record<string, (phone: Phone) => Promise<void> | void> = {
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
      'app in the background': (phone) =>
        this.#forAWhile(
          () => phone.background(),
          () => phone.foreground(),
        ),
      'app frozen': (phone) =>
        this.#forAWhile(
          () => phone.freeze(),
          () => phone.thaw(),
        ),
      'app killed': (phone) => phone.restart(),
      'app killed in the background': (phone) =>
        this.#forAWhile(
          () => phone.background(),
          () => phone.restart(),
        ),
      'app killed while it is frozen': (phone) =>
        this.#forAWhile(
          () => phone.freeze(),
          () => phone.restart(),
        ),
      'server killed': () => this.#killServer(),
      'cursors reset': () => this.#resetCursors(),
    };
    // These come when a transaction meets them.
    const ofStorage: Record<string, StorageFault> = {
      'storage does not answer': { code: 'UNAVAILABLE' },
      'storage does not answer for what it has stored': { code: 'UNAVAILABLE', isCommitted: true },
      'storage full': { code: 'QUOTA' },
    };
    for (const name of [...Object.keys(faults), ...Object.keys(ofStorage)]) this.#faults[name] = 0;
    this.#faults['token renewed'] ??= 0;
    const kinds = Object.keys({ ...faults, ...ofStorage });
    for (let deck: string[] = []; !this.#isOver; ) {
      await sleep(100 + this.#chance.below(600));
      if (deck.length === 0) deck = [...kinds];
      const [name] = deck.splice(this.#chance.below(deck.length), 1) as [string];
      const phone = this.#chance.pick(this.#phones);
      this.#log(`${name}, ${phone.name}`);
      const fault = ofStorage[name];
      if (fault !== undefined) phone.failStorage(fault, 1 + this.#chance.below(4), () => this.#came(name));
      else {
        this.#came(name);
        await faults[name]?.(phone);
      }
    }
  }

  async #forAWhile(begin: () => void, end: () => void): Promise<void> {
    begin();
    // At times longer than the client waits for an answer.
    await sleep(this.#chance.is(10) ? 3_000 + this.#chance.below(3_000) : 100 + this.#chance.below(1_500));
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
      phone.mendStorage();
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
    for (const { id, people } of this.#conversations) {
      for (const person of this.#people) {
        if (!people.includes(person)) {
          await this.#judgeStranger(person, id);
          continue;
        }
        const messages = await this.#history(id, person);
        this.#histories.set(id, messages);
        this.#violations.push(...this.#wrongSends(id, messages));
        for (const phone of person.phones) await this.#compare(phone, id, messages, person);
      }
    }
  }

  /** Somebody else's conversation does not exist. */
  async #judgeStranger(person: Person, conversationId: string): Promise<void> {
    try {
      await this.#call('GET', `/conversations/${conversationId}`, person);
      this.#violations.push(`${person.name} sees a conversation of others`);
    } catch (error) {
      if (!(error instanceof Refusal) || error.status !== 404) throw error;
    }
  }

  /** What the judge finds in the longest history once it is spoilt: that it finds nothing in it otherwise counts then. */
  #sabotage(): string[] {
    const [id, messages] = [...this.#histories].reduce((a, b) => (b[1].length > a[1].length ? b : a));
    const isKept = ({ conversationId, isStored, isDeleted }: Typed): boolean =>
      conversationId === id && isStored && !isDeleted;
    const [first, ...others] = this.#typed.filter(isKept);
    const second = others.find(({ phone }) => phone === first?.phone);
    const [lost, doubled] = others.filter((typed) => typed !== second);
    const seqOf = (typed: Typed | undefined): number =>
      messages.find(({ clientId }) => clientId === typed?.clientId)?.seq ?? 0;
    const places = new Map([
      [first?.clientId, seqOf(second)],
      [second?.clientId, seqOf(first)],
    ]);
    const spoilt = messages.flatMap((message) => {
      const { clientId, seq } = message;
      if (clientId === lost?.clientId) return [];
      const moved = { ...message, seq: places.get(clientId ?? '') ?? seq };
      return clientId === doubled?.clientId ? [moved, moved] : [moved];
    });
    return this.#wrongSends(id, spoilt);
  }

  async #history(conversationId: string, person: Person): Promise<Message[]> {
    const messages: Message[] = [];
    for (let hasAfter = true; hasAfter; ) {
      const after = messages.at(-1)?.seq ?? 0;
      const page = await this.#call<MessagePage>(
        'GET',
        `/conversations/${conversationId}/messages?after=${after}&limit=100`,
        person,
      );
      messages.push(...page.items);
      ({ hasAfter } = page);
    }
    return messages;
  }

  /** Everything that was kept is there once, and what one phone typed in its order. */
  #wrongSends(conversationId: string, messages: readonly Message[]): string[] {
    const violations: string[] = [];
    const places = new Map<string, number>();
    for (const { clientId, seq } of messages) {
      if (clientId === null) continue;
      if (places.has(clientId)) violations.push(`doubled: ${clientId}`);
      places.set(clientId, seq);
    }
    const last = new Map<string, number>();
    for (const { phone, clientId, isStored, isDeleted, ...typed } of this.#typed) {
      if (typed.conversationId !== conversationId) continue;
      const seq = places.get(clientId);
      if (seq === undefined) {
        if (isStored && !isDeleted) violations.push(`lost: ${clientId} of ${phone}`);
        continue;
      }
      if (seq < (last.get(phone) ?? 0)) violations.push(`overtaken: ${clientId} of ${phone} at ${seq}`);
      last.set(phone, Math.max(seq, last.get(phone) ?? 0));
    }
    return violations;
  }

  async #compare(phone: Phone, conversationId: string, messages: readonly Message[], person: Person): Promise<void> {
    const { client } = phone;
    const window = client.messages(conversationId);
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
    const listed = (): string => summary(client.observe(`conversation:${conversationId}`).getSnapshot());
    // What has just been read or delivered reaches the others a moment later.
    for (const end = Date.now() + WAIT_TIMEOUT_MS; ; await sleep(PAUSE_MS)) {
      const should = summary(await this.#call<Conversation>('GET', `/conversations/${conversationId}`, person));
      if (listed() === should) break;
      if (Date.now() < end) continue;
      this.#violations.push(`${phone.name} lists ${listed()} for ${should}`);
      break;
    }
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
  const { title, lastSeq, lastMessage, lastMessageBy, lastMessageKind, memberCount, me, members } = view;
  const { role, unreadCount, lastReadSeq, mutedUntil, pinnedAt, archivedAt } = me;
  const others = members
    .map((member) => [member.user.id, member.role, member.lastReadSeq, member.lastDeliveredSeq])
    .sort();
  return JSON.stringify({
    ...{ title, lastSeq, lastMessage, lastMessageBy, lastMessageKind, memberCount },
    ...{ role, unreadCount, lastReadSeq, mutedUntil, pinnedAt, archivedAt },
    members: others,
  });
}
