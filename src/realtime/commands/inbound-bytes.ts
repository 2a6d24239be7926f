import { Injectable } from '@nestjs/common';

/**
 * What all connections of one user may have under way together: far beyond any outbox, and little enough for many users. One event
 * is taken whatever its size, where nothing else is under way.
 */
const MAX_USER_BYTES = 8 * 1024 * 1024;
/** What a value costs beside its text, roughly: a list of nothing but empty lists is many times as large as its frame. */
const VALUE_BYTES = 32;

/** What the connections of one user have under way. */
export interface UserBytes {
  /** False beyond what the user may have; else `giveBack` must follow. */
  take(bytes: number): boolean;
  giveBack(bytes: number): void;
}

/** Counts the bytes that events under way keep in memory, by user: a connection bounds their number alone. */
@Injectable()
export class InboundBytes {
  private readonly bytes = new Map<string, number>();

  /** The share of one connection. */
  of(userId: string): UserBytes {
    return { take: (bytes) => this.take(userId, bytes), giveBack: (bytes) => this.giveBack(userId, bytes) };
  }

  private take(userId: string, bytes: number): boolean {
    const before = this.bytes.get(userId) ?? 0;
    if (before > 0 && before + bytes > MAX_USER_BYTES) return false;
    this.bytes.set(userId, before + bytes);
    return true;
  }

  private giveBack(userId: string, bytes: number): void {
    const left = (this.bytes.get(userId) ?? 0) - bytes;
    if (left > 0) this.bytes.set(userId, left);
    else this.bytes.delete(userId);
  }
}

/** What an event costs in memory, roughly. On the path of a message: an honest event has a few fields. */
export function bytesOf(event: string, payload: unknown): number {
  let bytes = event.length;
  // No recursion: a frame may be as deep as it is long.
  const left: unknown[] = [payload];
  while (left.length > 0) {
    const value = left.pop();
    bytes += VALUE_BYTES;
    if (typeof value === 'string') bytes += value.length;
    else if (ArrayBuffer.isView(value)) bytes += value.byteLength;
    else if (Array.isArray(value)) for (const item of value) left.push(item);
    else if (typeof value === 'object' && value !== null)
      for (const [name, field] of Object.entries(value)) {
        bytes += name.length;
        left.push(field);
      }
  }
  return bytes;
}
