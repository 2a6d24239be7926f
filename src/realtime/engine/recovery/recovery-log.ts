import { randomBytes } from 'node:crypto';
import { PacketPages, PAGE_BYTES } from './packet-pages.js';

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
/** What an entry, and each room's name where it is for several, take beside the packet, roughly. */
const ENTRY_BYTES = 100;
const NAME_BYTES = 100;

/** Whom a packet was for: who is in one of the rooms (in any, where there is none) and in none of those excepted. */
export interface Audience {
  rooms: ReadonlySet<string>;
  except: ReadonlySet<string>;
}

/** A packet as bytes, from `start` on. */
export interface PacketBytes {
  bytes: Buffer;
  start: number;
}

/** The packets kept of one room, or of all that is for several. */
interface Account {
  /** The room's name. */
  name: string;
  bytes: number;
  /** Places in the ring. */
  oldest: number;
  newest: number;
}

const OF_SEVERAL = '';
/** In place of a packet's length: something was sent, or may have been, that is not kept. A client that missed it cannot be recovered. */
const NOT_KEPT = -1;
const NONE = -1;

/**
 * What was broadcast lately, as it was encoded, for connections that were lost and come back.
 *
 * Guarantees: bounded in packets, in bytes and in time, as a whole and for each room; what is asked for is answered
 * completely or not at all. A packet that is kept makes no object on V8's heap: entries are places of a ring, and packets are
 * bytes in pages (PacketPages).
 */
export class RecoveryLog {
  /** Number of the oldest entry, and of the one that is kept next: so many were dropped, and kept, ever. */
  private dropped = 0;
  private added = 0;
  private keptBytes = 0;
  private readonly pages = new PacketPages();
  private readonly accounts = new Map<string, Account>();
  /** Offsets of another process are not taken for ours. */
  private readonly prefix = randomBytes(6).toString('base64url');

  // Of each entry, at its number modulo MAX_KEPT_PACKETS.
  private readonly firstPages = new Int32Array(MAX_KEPT_PACKETS);
  private readonly lengths = new Int32Array(MAX_KEPT_PACKETS);
  private readonly costs = new Int32Array(MAX_KEPT_PACKETS);
  private readonly keptAt = new Float64Array(MAX_KEPT_PACKETS);
  /** The place of the next of the same account. */
  private readonly nextOfAccount = new Int32Array(MAX_KEPT_PACKETS);
  /** One room's account where it is for that room and excepts nobody; else there is an audience beside. */
  private readonly accountOf: (Account | undefined)[] = [];
  private readonly audienceOf: (Audience | undefined)[] = [];

  constructor(private readonly now: () => number = Date.now) {}

  get bytes(): number {
    return this.keptBytes;
  }

  /** The number of the entry that is kept next. */
  get end(): number {
    return this.added;
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
  keep({ bytes, start }: PacketBytes, audience: Audience): void {
    const length = bytes.length - start;
    const [only = OF_SEVERAL] = audience.rooms.size === 1 ? audience.rooms : [];
    const isOfOne = only !== OF_SEVERAL && audience.except.size === 0;
    const names = isOfOne ? 0 : audience.rooms.size + audience.except.size;
    const cost = PacketPages.countOf(length) * PAGE_BYTES + ENTRY_BYTES + NAME_BYTES * names;
    const maxOfAccount = only === OF_SEVERAL ? MAX_KEPT_BYTES_OF_SEVERAL : MAX_KEPT_BYTES_A_ROOM;
    if (cost > maxOfAccount) {
      this.addGap(audience);
      return;
    }
    const place = this.add(cost, isOfOne ? undefined : audience);
    this.lengths[place] = length;
    this.firstPages[place] = this.pages.keep(bytes, start);
    const account = this.charge(only, place, cost);
    while (account.bytes > maxOfAccount) this.empty(account.oldest);
  }

  /** Something was sent that is not kept: whoever it was for and is lost cannot be recovered from before it. */
  keepGap(rooms: Iterable<string>): void {
    this.addGap({ rooms: new Set(rooms), except: new Set() });
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
    for (let number = from; number < this.added; number += 1) {
      const place = number % MAX_KEPT_PACKETS;
      if (!this.isFor(rooms, place)) continue;
      const length = this.lengths[place] as number;
      if (length === NOT_KEPT || (bytes += length) > MAX_REPLAYED_BYTES) return undefined;
      packets.push(this.pages.read(this.firstPages[place] as number, length));
    }
    return packets;
  }

  expire(now = this.now()): void {
    const oldest = now - RECOVERY_WINDOW_MS;
    while (this.dropped < this.added && (this.keptAt[this.dropped % MAX_KEPT_PACKETS] as number) < oldest)
      this.dropOldest();
    if (this.dropped === this.added) this.pages.clear();
  }

  private addGap(audience: Audience): void {
    const place = this.add(ENTRY_BYTES + NAME_BYTES * (audience.rooms.size + audience.except.size), audience);
    this.lengths[place] = NOT_KEPT;
  }

  /** Makes room for an entry. Returns its place, whose length is still to be set. */
  private add(cost: number, audience: Audience | undefined): number {
    const now = this.now();
    this.expire(now);
    while (
      this.dropped < this.added &&
      (this.keptBytes + cost > MAX_KEPT_BYTES || this.added - this.dropped === MAX_KEPT_PACKETS)
    )
      this.dropOldest();
    const place = this.added % MAX_KEPT_PACKETS;
    this.added += 1;
    this.keptBytes += cost;
    this.costs[place] = cost;
    this.keptAt[place] = now;
    this.accountOf[place] = undefined;
    this.audienceOf[place] = audience;
    return place;
  }

  private charge(name: string, place: number, cost: number): Account {
    let account = this.accounts.get(name);
    if (account === undefined) {
      account = { name, bytes: cost, oldest: place, newest: place };
      this.accounts.set(name, account);
    } else {
      this.nextOfAccount[account.newest] = place;
      account.newest = place;
      account.bytes += cost;
    }
    this.nextOfAccount[place] = NONE;
    this.accountOf[place] = account;
    return account;
  }

  /** Drops the packet, the oldest of its account. Its place stays, so that who missed it is known. */
  private empty(place: number): void {
    const account = this.accountOf[place];
    if (account === undefined || this.lengths[place] === NOT_KEPT) return;
    const cost = this.costs[place] as number;
    const pages = PacketPages.countOf(this.lengths[place] as number) * PAGE_BYTES;
    account.bytes -= cost;
    account.oldest = this.nextOfAccount[place] as number;
    if (account.oldest === NONE) this.accounts.delete(account.name);
    this.keptBytes -= pages;
    this.costs[place] = cost - pages;
    this.pages.release(this.firstPages[place] as number);
    this.lengths[place] = NOT_KEPT;
  }

  private dropOldest(): void {
    const place = this.dropped % MAX_KEPT_PACKETS;
    this.empty(place);
    this.keptBytes -= this.costs[place] as number;
    this.accountOf[place] = undefined;
    this.audienceOf[place] = undefined;
    this.dropped += 1;
  }

  private isFor(rooms: ReadonlySet<string>, place: number): boolean {
    const audience = this.audienceOf[place];
    if (audience === undefined) return rooms.has(this.accountOf[place]?.name ?? OF_SEVERAL);
    for (const name of audience.except) if (rooms.has(name)) return false;
    if (audience.rooms.size === 0) return true;
    for (const name of audience.rooms) if (rooms.has(name)) return true;
    return false;
  }
}
