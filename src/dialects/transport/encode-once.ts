/** Encodes each event at most once, however many clients receive it; again for those that come behind an encoding that failed. */
export class EncodeOnce<Result> {
  private readonly encoded = new WeakMap<object, Result>();

  of(payload: object, encode: () => Result): Result {
    const known = this.encoded.get(payload);
    if (known !== undefined) return known;
    const encoded = encode();
    this.encoded.set(payload, encoded);
    if (encoded instanceof Promise) encoded.catch(() => this.encoded.delete(payload));
    return encoded;
  }
}
