import { randomUUID } from 'node:crypto';
import { type Random, sleep } from '../../chaos/random.js';
import type { Anything } from '../../support/story.js';
import { type Account, type Answer, call, Device } from './device.js';
import type { AcknowledgedMessage, Ledger } from './ledger.js';
import type { Stage, StagedProcess } from './stage.js';

const USERS = 6;
const DEVICES_A_USER = 2;
const PASSWORD = 'correct horse battery';
/** How long anything is tried again; longer than all faults together last. */
const MAX_TRIALS = 200;
/** Shorter ones change nothing for others. */
const MIN_ABSENCE_MS = 5_500;
const MAX_ABSENCE_MS = 9_000;
/** What is under way at once. */
const MAX_UNDER_WAY = 24;

const WEIGHTS = {
  send: 44,
  'send to one': 8,
  edit: 6,
  react: 5,
  delete: 2,
  read: 4,
  add: 6,
  remove: 6,
  block: 2,
  befriend: 2,
  'end a session': 2,
  'go away': 2,
} as const;

export type Act = keyof typeof WEIGHTS;

interface Group {
  readonly id: string;
  /** Indices of users who come and go. */
  readonly guests: readonly number[];
}

/** Users at work on all processes at once. */
export class Workload {
  readonly accounts: Account[] = [];
  private groups: Group[] = [];
  private readonly underWay = new Set<Promise<void>>();
  /** What only one act at a time may change. */
  private readonly busy = new Set<string>();
  private number = 0;

  private constructor(
    private readonly stage: Stage,
    private readonly ledger: Ledger,
    private readonly random: Random,
  ) {}

  static async prepare(stage: Stage, ledger: Ledger, random: Random): Promise<Workload> {
    const workload = new Workload(stage, ledger, random);
    await workload.begin();
    return workload;
  }

  get devices(): Device[] {
    return this.accounts.flatMap(({ devices }) => devices);
  }

  get groupIds(): string[] {
    return this.groups.map(({ id }) => id);
  }

  /** Begins one act, once there is room for it. */
  async step(): Promise<void> {
    while (this.underWay.size >= MAX_UNDER_WAY) await Promise.race(this.underWay);
    const act = this.random.weighted(WEIGHTS);
    this.ledger.count(act);
    const working = this.act(act)
      .catch((error: unknown) => this.ledger.violation(`${act}: ${String(error)}`))
      .finally(() => this.underWay.delete(working));
    this.underWay.add(working);
  }

  /** Everything that was begun is answered. */
  async finish(): Promise<void> {
    await Promise.all(this.underWay);
  }

  close(): void {
    for (const device of this.devices) device.close();
  }

  /** From every process some messages to every group at once. */
  async burst(messages: number): Promise<void> {
    const sending: Promise<void>[] = [];
    for (const { id } of this.groups)
      for (const account of this.accounts)
        for (let count = 0; count < messages; count += 1) sending.push(this.send(account, { conversationId: id }));
    await Promise.all(sending);
  }

  private async begin(): Promise<void> {
    const { processes } = this.stage;
    const [first] = processes as [StagedProcess];
    for (let index = 0; index < USERS; index += 1) {
      let username = '';
      const answer = await this.again(() => {
        // Another one each time: where nobody knows whether it was done, the name may be taken.
        username = `user${index}_${randomUUID().slice(0, 8)}`;
        const email = `${username}@example.com`;
        return call(first.url, 'POST', '/auth/register', undefined, { email, username, password: PASSWORD });
      });
      if (answer.outcome !== 'acknowledged') throw new Error(`registering answered ${answer.code}`);
      this.accounts.push({ id: answer.result.user.id, username, devices: [] });
    }
    for (const [index, account] of this.accounts.entries())
      for (let count = 0; count < DEVICES_A_USER; count += 1)
        await this.addDevice(account, processes[(index + count) % processes.length]);
    for (const [number, guests] of [[2, 3, 4, 5], [1, 3, 5], []].entries()) {
      const members = this.accounts.slice(1).map(({ id }) => id);
      const { id } = await this.must(this.owner(), 'POST', '/conversations', {
        type: 'GROUP',
        title: `Group ${number}`,
        memberIds: members,
      });
      this.groups.push({ id, guests });
    }
  }

  private owner(): Device {
    return this.accounts[0]?.devices.find(({ endedAt }) => endedAt === undefined) as Device;
  }

  private async addDevice(account: Account, place?: StagedProcess): Promise<void> {
    for (let trial = 0; trial < MAX_TRIALS; trial += 1) {
      const url = this.random.one(this.stage.processes)?.url ?? '';
      const { username } = account;
      const answer = await call(url, 'POST', '/auth/login', undefined, { username, password: PASSWORD });
      if (answer.outcome === 'refused') throw new Error(`logging in answered ${answer.code}`);
      if (answer.outcome === 'acknowledged') {
        const { accessToken } = answer.result;
        const [, claims = ''] = accessToken.split('.');
        const { sid } = JSON.parse(Buffer.from(claims, 'base64url').toString());
        const name = `${username.slice(0, 5)}.${account.devices.length}`;
        const { processes } = this.stage;
        const device = new Device(name, account, accessToken, sid, processes, this.random.fork(), this.ledger);
        account.devices.push(device);
        device.connect(place);
        return;
      }
      await sleep(200);
    }
    throw new Error('logging in was never answered');
  }

  private async must(device: Device, method: string, path: string, body?: unknown): Promise<Anything> {
    const answer = await this.again(() => device.call(method, path, body));
    if (answer.outcome === 'acknowledged') return answer.result;
    throw new Error(`${method} ${path} answered ${answer.code}`);
  }

  /** Until it is answered. */
  private async again(ask: () => Promise<Answer>): Promise<Answer> {
    for (let trial = 1; ; trial += 1) {
      const answer = await ask();
      if (answer.outcome !== 'unknown' || trial === MAX_TRIALS) return answer;
      if (answer.code === 'INTERNAL_ERROR') this.ledger.violation('an internal error was answered');
      await sleep(this.random.between(50, 300));
    }
  }

  private act(act: Act): Promise<void> {
    const account = this.account();
    const group = this.random.one(this.groups) as Group;
    switch (act) {
      case 'send':
        return this.send(account, { conversationId: group.id });
      case 'send to one':
        return this.sendToOne(account, this.account());
      case 'edit':
      case 'react':
      case 'delete':
        return this.change(act);
      case 'read':
        return this.read(account, group);
      case 'add':
      case 'remove':
        return this.changeMember(act, group);
      case 'block':
        return this.block(account, this.account());
      case 'befriend':
        return this.befriend(account, this.account());
      case 'end a session':
        return this.endSession(account);
      case 'go away':
        return this.goAway(account);
    }
  }

  private account(): Account {
    return this.random.one(this.accounts) as Account;
  }

  private liveDevice(account: Account): Device {
    const live = account.devices.filter(({ endedAt, isOver }) => endedAt === undefined && !isOver);
    return (this.random.one(live) ?? account.devices.at(-1)) as Device;
  }

  /** Over whichever of its devices, as long as it takes: a message that is acknowledged must stay. */
  private async send(account: Account, to: { conversationId: string } | { receiverId: string }): Promise<void> {
    this.number += 1;
    const message = { ...to, content: `message ${this.number}`, clientId: randomUUID() };
    const answer = await this.again(() => this.liveDevice(account).emit('send_message', message));
    if (answer.outcome === 'acknowledged') {
      const { id, conversationId, seq, senderId, content } = answer.result.message;
      if (content !== message.content) this.ledger.violation(`${message.content} is acknowledged as ${content}`);
      this.ledger.count('acknowledged');
      this.ledger.acknowledged.push({
        id,
        conversationId,
        seq,
        senderId,
        content,
        clientId: message.clientId,
        isBusy: false,
      });
      return;
    }
    if (answer.outcome === 'unknown') {
      this.ledger.violation(`${message.content} was never acknowledged: ${answer.code}`);
      return;
    }
    const isMember = 'conversationId' in to && this.isNeverGuest(account, to.conversationId);
    if (isMember) this.ledger.violation(`a member's message is refused: ${answer.code}`);
  }

  private isNeverGuest(account: Account, conversationId: string): boolean {
    const group = this.groups.find(({ id }) => id === conversationId);
    return group?.guests.includes(this.accounts.indexOf(account)) === false;
  }

  private async sendToOne(account: Account, receiver: Account): Promise<void> {
    if (account !== receiver) await this.send(account, { receiverId: receiver.id });
  }

  private async change(act: 'edit' | 'react' | 'delete'): Promise<void> {
    const recent = this.ledger.acknowledged.slice(-60).filter(({ isBusy, content }) => !isBusy && content !== null);
    const message = this.random.one(recent);
    if (message === undefined) return;
    message.isBusy = true;
    const { id: messageId } = message;
    const author = this.accounts.find(({ id }) => id === message.senderId) as Account;
    const ask = (event: string, payload: object): Promise<Answer> =>
      this.again(() => this.liveDevice(author).emit(event, { messageId, ...payload }));
    const isDone = await this.applied(act, message, ask);
    // Where nobody knows, it stays as it is.
    message.isBusy = !isDone;
  }

  /** Whether it is known what came of it. */
  private async applied(
    act: 'edit' | 'react' | 'delete',
    message: AcknowledgedMessage,
    ask: (event: string, payload: object) => Promise<Answer>,
  ): Promise<boolean> {
    if (act === 'react') {
      const answer = await ask('react', {
        emoji: this.random.one(['👍', '🎉', '❤️']),
        remove: this.random.next() < 0.3,
      });
      return answer.outcome !== 'unknown';
    }
    if (act === 'delete') {
      const answer = await ask('delete_message', { for: 'everyone' });
      if (answer.outcome === 'acknowledged') message.content = null;
      return answer.outcome === 'acknowledged';
    }
    this.number += 1;
    const content = `edited ${this.number}`;
    const answer = await ask('edit_message', { content });
    if (answer.outcome === 'acknowledged') message.content = content;
    return answer.outcome === 'acknowledged';
  }

  private async read(account: Account, { id }: Group): Promise<void> {
    const device = this.liveDevice(account);
    const seq = Math.max(0, ...[...(device.messages.get(id)?.values() ?? [])].map((message) => message.seq));
    if (seq > 0) await device.emit('mark_read', { conversationId: id, seq });
  }

  private async changeMember(act: 'add' | 'remove', { id, guests }: Group): Promise<void> {
    const guest = this.accounts[this.random.one(guests) ?? -1];
    if (guest === undefined) return;
    await this.alone(`${id} ${guest.id}`, async () => {
      await this.again(() =>
        act === 'add'
          ? this.owner().call('POST', `/conversations/${id}/members`, { memberIds: [guest.id] })
          : this.owner().call('DELETE', `/conversations/${id}/members/${guest.id}`),
      );
    });
  }

  /**
   * From the acknowledgement of a block on nothing of the other one is taken. A block ends a friendship without a word to the
   * other one, who finds out when it syncs: so those who block each other are no friends here.
   */
  private async block(blocker: Account, blocked: Account): Promise<void> {
    if (blocker === blocked || this.mayBefriend(blocker, blocked)) return;
    await this.alone(this.pair(blocker, blocked), async () => {
      const block = await this.again(() => this.liveDevice(blocker).call('POST', '/blocks', { userId: blocked.id }));
      const message = { receiverId: blocker.id, content: 'not for you', clientId: randomUUID() };
      const answer = await this.again(() => this.liveDevice(blocked).emit('send_message', message));
      if (block.outcome === 'acknowledged' && answer.outcome === 'acknowledged')
        this.ledger.violation('a message of somebody who is blocked is taken');
      await this.again(() => this.liveDevice(blocker).call('DELETE', `/blocks/${blocked.id}`));
    });
  }

  private async befriend(one: Account, other: Account): Promise<void> {
    if (!this.mayBefriend(one, other)) return;
    await this.alone(this.pair(one, other), async () => {
      const answer = await this.again(() =>
        this.liveDevice(one).call('POST', '/friends/requests', { userId: other.id }),
      );
      if (answer.outcome === 'acknowledged')
        await this.again(() => this.liveDevice(other).call('POST', `/friends/requests/${answer.result.id}/accept`));
      else if (answer.code === 'ALREADY_FRIENDS')
        await this.again(() => this.liveDevice(one).call('DELETE', `/friends/${other.id}`));
    });
  }

  /** With all devices, longer than what changes nothing for others; and comes back. */
  private async goAway(account: Account): Promise<void> {
    if (account === this.accounts[0]) return;
    await this.alone(`session ${account.id}`, async () => {
      for (const device of account.devices) device.pause();
      await sleep(this.random.between(MIN_ABSENCE_MS, MAX_ABSENCE_MS));
      for (const device of account.devices) device.resume();
    });
  }

  private async endSession(account: Account): Promise<void> {
    await this.alone(`session ${account.id}`, async () => {
      const live = account.devices.filter(({ endedAt, isOver }) => endedAt === undefined && !isOver);
      const [ending, other] = live;
      if (ending === undefined || other === undefined) return;
      ending.isEnding = true;
      const answer = await this.again(() => other.call('DELETE', `/auth/sessions/${ending.sessionId}`));
      // A repeat of one whose answer was lost finds nothing.
      if (answer.outcome === 'unknown') return;
      ending.endedAt = Date.now();
      await this.addDevice(account);
    });
  }

  private mayBefriend(one: Account, other: Account): boolean {
    return (this.accounts.indexOf(one) + this.accounts.indexOf(other)) % 2 === 1;
  }

  private pair(one: Account, other: Account): string {
    return [one.id, other.id].sort().join(' ');
  }

  private async alone(what: string, work: () => Promise<void>): Promise<void> {
    if (this.busy.has(what)) return;
    this.busy.add(what);
    try {
      await work();
    } finally {
      this.busy.delete(what);
    }
  }
}
