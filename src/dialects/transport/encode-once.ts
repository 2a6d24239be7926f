/** Makes something of each thing told at most once, however many clients are told it. */
export class EncodeOnce<Result> {
  private readonly made = new WeakMap<object, Result>();

  of(told: object, make: () => Result): Result {
    const known = this.made.get(told);
    if (known !== undefined) return known;
    const made = make();
    this.made.set(told, made);
    return made;
  }
}
