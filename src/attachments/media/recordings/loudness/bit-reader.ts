/** Reads numbers of so many bits, the highest bit first. Behind the end are zeros. */
export class BitReader {
  private at = 0;

  constructor(private readonly bytes: Buffer) {}

  get isAtEnd(): boolean {
    return this.at >= this.bytes.length * 8;
  }

  read(bits: number): number {
    let value = 0;
    for (let bit = 0; bit < bits; bit += 1, this.at += 1)
      value = value * 2 + (((this.bytes[this.at >> 3] ?? 0) >> (7 - (this.at & 7))) & 1);
    return value;
  }

  skip(bits: number): void {
    this.at += bits;
  }

  /** To the beginning of the next byte, unless it is at one. */
  align(): void {
    this.at = Math.ceil(this.at / 8) * 8;
  }
}
