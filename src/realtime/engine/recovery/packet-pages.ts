/** Most packets that carry a message fit in one. */
export const PAGE_BYTES = 1024;
const SLAB_PAGES = 1024;
const SLAB_BYTES = SLAB_PAGES * PAGE_BYTES;
const NONE = -1;

/**
 * Bytes of packets, in pages outside of V8's heap. What is kept for seconds and then dropped, thousands of times a second,
 * would as strings be moved to the old generation and make the collector mark all of it every few seconds, while everybody
 * waits.
 */
export class PacketPages {
  private slabs: Buffer[] = [];
  /** The page after each one: of the same packet, or of those that are free. */
  private next = new Int32Array(0);
  private firstFree = NONE;

  /** Pages that so many bytes take. */
  static countOf(bytes: number): number {
    return Math.max(1, Math.ceil(bytes / PAGE_BYTES));
  }

  /** Copies what `bytes` holds from `start` on. Returns the first of its pages, for `read` and `release`. */
  keep(bytes: Buffer, start: number): number {
    const first = this.takeFree();
    let page = first;
    for (let at = start; ; ) {
      this.copyInto(page, bytes, at);
      at += PAGE_BYTES;
      if (at >= bytes.length) break;
      const following = this.takeFree();
      this.next[page] = following;
      page = following;
    }
    this.next[page] = NONE;
    return first;
  }

  /** The text of `length` bytes. */
  read(first: number, length: number): string {
    if (length <= PAGE_BYTES) return this.slabOf(first).toString('utf8', offsetOf(first), offsetOf(first) + length);
    const bytes = Buffer.allocUnsafe(length);
    let at = 0;
    for (let page = first; at < length; page = this.pageAfter(page))
      at += this.slabOf(page).copy(bytes, at, offsetOf(page), offsetOf(page) + Math.min(PAGE_BYTES, length - at));
    return bytes.toString('utf8');
  }

  /** What is kept there may be written over from now on. */
  release(first: number): void {
    let last = first;
    while (this.pageAfter(last) !== NONE) last = this.pageAfter(last);
    this.next[last] = this.firstFree;
    this.firstFree = first;
  }

  /** Gives the memory back. Nothing may be kept any more. */
  clear(): void {
    if (this.slabs.length === 0) return;
    this.slabs = [];
    this.next = new Int32Array(0);
    this.firstFree = NONE;
  }

  private copyInto(page: number, bytes: Buffer, at: number): void {
    bytes.copy(this.slabOf(page), offsetOf(page), at, Math.min(bytes.length, at + PAGE_BYTES));
  }

  private takeFree(): number {
    if (this.firstFree === NONE) this.addSlab();
    const page = this.firstFree;
    this.firstFree = this.pageAfter(page);
    return page;
  }

  private addSlab(): void {
    const begin = this.slabs.length * SLAB_PAGES;
    this.slabs.push(Buffer.allocUnsafeSlow(SLAB_BYTES));
    const next = new Int32Array(begin + SLAB_PAGES);
    next.set(this.next);
    for (let page = begin; page < next.length; page += 1) next[page] = page + 1 < next.length ? page + 1 : NONE;
    this.next = next;
    this.firstFree = begin;
  }

  private pageAfter(page: number): number {
    return this.next[page] as number;
  }

  private slabOf(page: number): Buffer {
    return this.slabs[Math.floor(page / SLAB_PAGES)] as Buffer;
  }
}

function offsetOf(page: number): number {
  return (page % SLAB_PAGES) * PAGE_BYTES;
}
