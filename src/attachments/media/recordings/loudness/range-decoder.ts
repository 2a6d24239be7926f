const SYMBOL_BITS = 8;
const MIN_RANGE = 2 ** 23;
const MASK = 0x7fffffff;

/** The arithmetic decoder of Opus (RFC 6716, section 4.1). Behind the end of the frame are zeros. */
export class RangeDecoder {
  private range = 128;
  private difference: number;
  private remainder: number;
  private at = 1;
  /** Bits that were read of the frame, and one more, as the standard counts them. */
  private bits = 9;

  constructor(private readonly frame: Buffer) {
    this.remainder = frame[0] ?? 0;
    this.difference = 127 - (this.remainder >> 1);
    this.normalise();
  }

  /** Bits that are used up so far, rounded up. */
  get used(): number {
    return this.bits - (32 - Math.clz32(this.range));
  }

  /** One bit, which is set once in 2 to the power of `exponent` times. */
  rareBit(exponent: number): boolean {
    const part = this.range >>> exponent;
    const isSet = this.difference < part;
    if (isSet) this.range = part;
    else {
      this.difference -= part;
      this.range -= part;
    }
    this.normalise();
    return isSet;
  }

  /** One of several symbols, of which `inverse` says how probable it is that a later one comes, in 256ths (or of 2 to the power of `bits`). */
  symbol(inverse: readonly number[], bits = 8): number {
    const unit = this.range >>> bits;
    let high = this.range;
    let symbol = 0;
    let low = unit * (inverse[0] ?? 0);
    while (this.difference < low && symbol < inverse.length - 1) {
      high = low;
      symbol += 1;
      low = unit * (inverse[symbol] ?? 0);
    }
    this.difference -= low;
    this.range = high - low;
    this.normalise();
    return symbol;
  }

  /** One of `total` numbers that are equally probable. */
  uniform(total: number): number {
    const value = this.peek(total);
    this.take(value, value + 1, total);
    return value;
  }

  /** Where within `total` the next symbol lies; `take` says then which one that was. */
  peek(total: number): number {
    const unit = Math.floor(this.range / total);
    return total - Math.min(Math.floor(this.difference / unit) + 1, total);
  }

  take(low: number, high: number, total: number): void {
    const unit = Math.floor(this.range / total);
    const above = unit * (total - high);
    this.difference -= above;
    this.range = low > 0 ? unit * (high - low) : this.range - above;
    this.normalise();
  }

  /** Bits that stand at the end of the frame: their number counts, their value is of no interest here. */
  skipRaw(bits: number): void {
    this.bits += bits;
  }

  private normalise(): void {
    while (this.range <= MIN_RANGE) {
      const next = this.frame[this.at] ?? 0;
      this.at += 1;
      const symbol = ((this.remainder << SYMBOL_BITS) | next) >> 1;
      this.remainder = next;
      this.bits += SYMBOL_BITS;
      this.range = (this.range << SYMBOL_BITS) >>> 0;
      this.difference = ((this.difference << SYMBOL_BITS) + (255 & ~symbol)) & MASK;
    }
  }
}
