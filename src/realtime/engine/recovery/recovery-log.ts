import { randomBytes } from 'node:crypto';

/** How long Socket.IO itself keeps what a lost connection missed. Beyond that, sync brings it. */
export const RECOVERY_WINDOW_MS = 60_000;
/** Broadcasts kept for those who are about to come back; who missed more is brought up by sync. */
const MAX_KEPT_PACKETS = 20_000;
/** Bytes kept by this process, whatever happens in it. */
const MAX_KEPT_BYTES = 32 * 1024 * 1024;
/** Bytes kept of one room, so that one conversation does not take the place of all others. */
const MAX_KEPT_BYTES_A_ROOM = 1024 * 1024;
/** Bytes kept of what is for several rooms at once, all together. */
const MAX_KEPT_BYTES_OF_SEVERAL = 8 * 1024 * 1024;
/** Bytes that a connection is sent at once when it comes back; who missed more is brought up by sync. */
const MAX_REPLAYED_BYTES = 1024 * 1024;
/** What an entry and each room's name in it take beside the packet, roughly. */
const ENTRY_BYTES = 200;
const NAME_BYTES = 64;

/** Whom a packet was for: who is in one of the rooms (in any, where there is none) and in none of those excepted. */
export interface Audience {
  rooms: ReadonlySet<string>;
  except: ReadonlySet<string>;
}

interface Entry extends Audience {
  /** Undefined: something was sent, or may have been, that is not kept. Who missed it cannot be recovered. */
  packet: string | undefined;
  bytes: number;
  keptAt: number;
  account: string;
  /** The next of the same account. */
  next: Entry | undefined;
}

/** The packets kept of one room, or of all that is for several. */
interface Account {
  bytes: number;
  oldest: Entry;
  newest: Entry;
}

const OF_SEVERAL = '';

/**
 * What was broadcast lately, as it was encoded, for connections that were lost and come back.
 *
 * Guarantees: bounded in packets, in bytes and in time, as a whole and for each room; what is asked for is answered
 * completely or not at all.
 */
export class RecoveryLog {
  private readonly entries: Entry[] = [];
  /** Where in `entries` the oldest one is; what is before it is dropped together now and then. */
  private start = 0;
  /** How many entries were dropped ever: the number of the oldest one. */
  private dropped = 0;
  private keptBytes = 0;
  private readonly accounts = new Map<string, Account>();
  /** Offsets of another process are not taken for ours. */
  private readonly prefix = randomBytes(6).toString('base64url');

  constructor(private readonly now: () => number = Date.now) {}

  get bytes(): number {
    return this.keptBytes;
  }

  /** The number of the entry that is kept next. */
  get end(): number {
    return this.dropped + this.entries.length - this.start;
  }

  /** What the client is sent with the packet that is kept next, so that it can name it when it comes back. */
  nextOffset(): string {
    return `${this.prefix}.${this.end.toString(36)}`;
  }

  /** The number of the entry after the one that a client names; undefined where that is not known any more. */
  after(offset: string): number | undefined {
    const [prefix, number = ''] = offset.split('.');
    const next = Number.parseInt(number, 36) + 1;
    return prefix === this.prefix && next >= this.dropped && next <= this.end ? next : undefined;
  }

  /** @param packet as it was encoded */
  keep(packet: string, isAscii: boolean, audience: Audience): void {
    this.add(packet, packet.length * (isAscii ? 1 : 2), audience);
  }

  /** Something was sent that is not kept: whoever it was for and is lost cannot be recovered from before it. */
  keepGap(rooms: Iterable<string>): void {
    this.add(undefined, 0, { rooms: new Set(rooms), except: new Set() });
  }

  /**
   * What was for somebody in these rooms, from an entry on, with how many bytes; undefined where not all of it is kept,
   * or where it is too much to be sent at once.
   */
  missed(from: number, rooms: ReadonlySet<string>): string[] | undefined {
    this.expire();
    if (from < this.dropped) return undefined;
    const packets: string[] = [];
    let bytes = 0;
    for (let index = this.start + from - this.dropped; index < this.entries.length; index += 1) {
      const entry = this.entries[index];
      if (entry === undefined || !isFor(rooms, entry)) continue;
      if (entry.packet === undefined || (bytes += entry.bytes) > MAX_REPLAYED_BYTES) return undefined;
      packets.push(entry.packet);
    }
    return packets;
  }

  expire(now = this.now()): void {
    const oldest = now - RECOVERY_WINDOW_MS;
    for (
      let entry = this.entries[this.start];
      entry !== undefined && entry.keptAt < oldest;
      entry = this.entries[this.start]
    )
      this.dropOldest(entry);
  }

  private add(packet: string | undefined, packetBytes: number, { rooms, except }: Audience): void {
    const [only = OF_SEVERAL] = rooms.size === 1 ? rooms : [];
    const bytes = packetBytes + ENTRY_BYTES + NAME_BYTES * (rooms.size + except.size);
    const keptAt = this.now();
    const entry: Entry = { packet, rooms, except, bytes, keptAt, account: only, next: undefined };
    this.entries.push(entry);
    this.keptBytes += bytes;
    if (packet !== undefined) this.charge(entry);
    this.expire(keptAt);
    while (this.keptBytes > MAX_KEPT_BYTES || this.entries.length - this.start > MAX_KEPT_PACKETS) {
      const oldest = this.entries[this.start];
      if (oldest === undefined) break;
      this.dropOldest(oldest);
    }
  }

  private charge(entry: Entry): void {
    const account = this.accounts.get(entry.account);
    if (account === undefined) {
      this.accounts.set(entry.account, { bytes: entry.bytes, oldest: entry, newest: entry });
    } else {
      account.newest.next = entry;
      account.newest = entry;
      account.bytes += entry.bytes;
    }
    const most = entry.account === OF_SEVERAL ? MAX_KEPT_BYTES_OF_SEVERAL : MAX_KEPT_BYTES_A_ROOM;
    for (let own = this.accounts.get(entry.account); own !== undefined && own.bytes > most; ) {
      const { oldest } = own;
      this.discharge(oldest);
      // Its place stays, so that who missed it is known.
      const left = ENTRY_BYTES + NAME_BYTES * (oldest.rooms.size + oldest.except.size);
      this.keptBytes -= oldest.bytes - left;
      oldest.bytes = left;
      oldest.packet = undefined;
      own = this.accounts.get(entry.account);
    }
  }

  /** The oldest of its account is kept no more. */
  private discharge(entry: Entry): void {
    const account = this.accounts.get(entry.account);
    if (account === undefined) return;
    account.bytes -= entry.bytes;
    if (entry.next === undefined) this.accounts.delete(entry.account);
    else account.oldest = entry.next;
  }

  private dropOldest(entry: Entry): void {
    if (entry.packet !== undefined) this.discharge(entry);
    this.keptBytes -= entry.bytes;
    this.start += 1;
    this.dropped += 1;
    if (this.start < MAX_KEPT_PACKETS / 2 && this.start < this.entries.length) return;
    this.entries.splice(0, this.start);
    this.start = 0;
  }
}

function isFor(rooms: ReadonlySet<string>, audience: Audience): boolean {
  for (const name of audience.except) if (rooms.has(name)) return false;
  if (audience.rooms.size === 0) return true;
  for (const name of audience.rooms) if (rooms.has(name)) return true;
  return false;
}
