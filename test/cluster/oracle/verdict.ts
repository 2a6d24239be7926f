import { isDeepStrictEqual } from 'node:util';
import { sleep } from '../../chaos/random.js';
import { MIN_WAIT_MS } from '../../support/processes/cluster.js';
import type { Anything } from '../../support/story.js';
import type { Device, KnownMessage } from './device.js';
import type { Delivery, Ledger } from './ledger.js';
import type { Stage } from './stage.js';
import type { Workload } from './workload.js';

/** For what the bus has lost, and where everything works: the second is 100 ms, and a busy machine. */
const MAX_LATE_MS = 5_000;
const MAX_LATE_CALM_MS = 1_000;
/** What is awaited has long come by then; where it has not, it never will. */
const WAIT_TIMEOUT_MS = 45_000;
const MAX_SHOWN = 3;

/** When a user was no member, by a conversation's own messages. */
interface Absence {
  readonly fromSeq: number;
  readonly at: number;
  toSeq: number;
}

/** Holds what clients have against what is stored. */
export class Verdict {
  constructor(
    private readonly stage: Stage,
    private readonly workload: Workload,
    private readonly ledger: Ledger,
  ) {}

  /** Waits until every client has everything, without any help; what is still wrong then is a violation. Answers how long it took. */
  async converged(what: string): Promise<number> {
    const began = Date.now();
    for (let last = ''; ; ) {
      const wrong = await this.differences();
      if (wrong.length === 0) return Date.now() - began;
      if (last !== wrong[0]) this.ledger.note(`not yet: ${wrong[0]}`);
      last = wrong[0] ?? '';
      if (Date.now() - began > WAIT_TIMEOUT_MS) {
        for (const difference of wrong) this.ledger.violation(`${what}: ${difference}`);
        return Date.now() - began;
      }
      await sleep(250);
    }
  }

  /** What was acknowledged is stored, once; numbers are dense; nobody was sent what it must not have. */
  async stored(): Promise<void> {
    const { rows }: { rows: Anything[] } = await this.stage.database.query(
      `SELECT id, conversation_id AS "conversationId", seq, content, client_id AS "clientId", system,
         deleted_at IS NOT NULL AS "isDeleted", created_at AS "createdAt" FROM messages ORDER BY conversation_id, seq`,
    );
    const byId = new Map<string, Anything>(rows.map((row) => [row.id, row]));
    const expected = new Map<string, number>();
    for (const { conversationId, seq } of rows) {
      const next = (expected.get(conversationId) ?? 0) + 1;
      if (seq !== next) this.ledger.violation(`numbers of ${conversationId} are not dense at ${seq}`);
      expected.set(conversationId, seq);
    }
    for (const message of this.ledger.acknowledged) {
      const row = byId.get(message.id);
      if (row === undefined) this.ledger.violation(`lost: message ${message.id} (${message.seq})`);
      else if (!message.isBusy && row.content !== message.content)
        this.ledger.violation(`message ${message.id} says ${row.content}, not ${message.content}`);
    }
    this.leaks(byId, absences(rows));
    this.swaps(rows);
  }

  /** Ended sessions are closed, and everybody else is online, and is shown so. */
  private async differences(): Promise<string[]> {
    const wrong: string[] = [];
    for (const device of this.workload.devices) {
      if (device.endedAt !== undefined || device.isOver) {
        if (device.isConnected) wrong.push(`${device.name} is connected although its session ended`);
        continue;
      }
      if (device.isSettled) wrong.push(...(await this.differencesOf(device)));
      else wrong.push(`${device.name} does not come to rest: ${device.state}`);
    }
    if (wrong.length > 0) return wrong;
    const [asking] = this.workload.accounts[0]?.devices.filter(({ isOver }) => !isOver) ?? [];
    for (const { id, username } of this.workload.accounts.slice(1)) {
      const answer = await asking?.call('GET', `/users/${id}`);
      if (answer?.outcome !== 'acknowledged' || answer.result.isOnline !== true)
        wrong.push(`${username} is not online: ${JSON.stringify(answer)}`);
      // A user who was there before a device is never shown to it as coming.
      for (const { name, presence, isOver, processName } of this.workload.devices)
        if (!isOver && presence.get(id) === false) wrong.push(`${name} at ${processName} sees ${username} offline`);
    }
    return wrong;
  }

  private async differencesOf(device: Device): Promise<string[]> {
    const wrong: string[] = [];
    const conversations = await device.call('GET', '/conversations?limit=100');
    const friends = await device.call('GET', '/friends?limit=100');
    if (conversations.outcome !== 'acknowledged' || friends.outcome !== 'acknowledged') return ['nothing is answered'];
    const ids: string[] = conversations.result.items.map(({ id }: Anything) => id);
    const friendIds: string[] = friends.result.items.map(({ id }: Anything) => id).toSorted();
    const known = [...device.friendIds].toSorted();
    if (!isDeepStrictEqual(friendIds, known))
      wrong.push(`${device.name} knows friends ${known.join()}, not ${friendIds.join()}`);
    for (const id of device.messages.keys())
      if (!ids.includes(id)) wrong.push(`${device.name} has conversation ${id}, of which it is no member`);
    for (const id of ids) {
      const history = await device.history(id);
      const own = device.messages.get(id);
      if (history === undefined || own === undefined) {
        wrong.push(`${device.name} does not have conversation ${id}`);
        continue;
      }
      wrong.push(
        ...history
          .filter((message) => !isSame(message, own.get(message.id)))
          .slice(0, MAX_SHOWN)
          .map(({ id: messageId, seq, version, content, deletedAt }) => {
            const found = own.get(messageId);
            const has = found === undefined ? 'not at all' : JSON.stringify(found);
            return `${device.name} at ${device.processName} has ${seq} of ${id} (version ${version}, ${content}, ${deletedAt}) ${has}`;
          }),
      );
    }
    return wrong;
  }

  private leaks(byId: ReadonlyMap<string, Anything>, absent: ReadonlyMap<string, readonly Absence[]>): void {
    for (const delivery of this.ledger.deliveries) {
      const { userId, conversationId, seq, messageId, device } = delivery;
      const absence = absent
        .get(`${conversationId} ${userId}`)
        ?.find(({ fromSeq, toSeq }) => fromSeq < seq && seq < toSeq);
      const row = byId.get(messageId);
      if (absence === undefined || row === undefined) continue;
      this.ledger.count('delivered behind a removal');
      const late = row.createdAt.getTime() - absence.at;
      if (late > this.bound(absence.at, delivery))
        this.ledger.violation(
          `${device} receives ${seq}, sent ${late} ms after its user was removed (${this.ledger.faultsAround(absence.at)})`,
        );
    }
  }

  /**
   * What is missing is given up `GAP_TIMEOUT_MS` after something newer came, which was stored before that: whatever the machine was
   * doing meanwhile, what comes sooner must come in order.
   */
  private swaps(rows: readonly Anything[]): void {
    for (const { device, conversationId, seq, behind, receivedAt } of this.ledger.overtaken) {
      const newer = rows.filter((row) => row.conversationId === conversationId && row.seq > seq);
      const waitedMs = receivedAt - Math.min(...newer.map(({ createdAt }) => createdAt.getTime()));
      if (waitedMs < MIN_WAIT_MS && this.ledger.isCalm(receivedAt - 2_000, receivedAt))
        this.ledger.violation(`${device} received ${seq} behind ${behind}, ${waitedMs} ms after the next was stored`);
    }
  }

  private bound(removedAt: number, { receivedAt }: Delivery): number {
    return this.ledger.isCalm(removedAt, receivedAt) ? MAX_LATE_CALM_MS : MAX_LATE_MS;
  }
}

function isSame({ seq, version, content, deletedAt, reactions }: Anything, known: KnownMessage | undefined): boolean {
  return (
    known !== undefined &&
    isDeepStrictEqual(
      { seq, version, content, deletedAt, reactions },
      {
        seq: known.seq,
        version: known.version,
        content: known.content,
        deletedAt: known.deletedAt,
        reactions: known.reactions,
      },
    )
  );
}

/** By conversation and user. */
function absences(rows: readonly Anything[]): Map<string, Absence[]> {
  const found = new Map<string, Absence[]>();
  for (const { conversationId, seq, system, createdAt } of rows) {
    const { type, userIds = [] } = (system ?? {}) as { type?: string; userIds?: string[] };
    for (const userId of userIds) {
      const key = `${conversationId} ${userId}`;
      const own = found.get(key) ?? [];
      found.set(key, own);
      if (type === 'MEMBER_REMOVED')
        own.push({ fromSeq: seq, at: createdAt.getTime(), toSeq: Number.POSITIVE_INFINITY });
      const last = own.at(-1);
      if (type === 'MEMBERS_ADDED' && last !== undefined) last.toSeq = seq;
    }
  }
  return found;
}
