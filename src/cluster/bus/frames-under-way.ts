/** Beyond so many bytes frames are dropped, and their receivers see the gap. */
const MAX_BYTES = 8 * 1024 * 1024;
/**
 * How long a frame may take to what carries it. One that is later could still be lost when its receivers look back no further
 * for it (`Cluster`, SETTLING_MS).
 */
const MAX_DELAY_MS = 2_000;
const LOOK_MS = 500;

/** Frames that were sent and not yet taken: bounded by their bytes, and by the age of the oldest. */
export class FramesUnderWay {
  private readonly frames = new Set<{ since: number }>();
  private bytes = 0;
  private looking: NodeJS.Timeout | undefined;

  hasRoomFor(bytes: number): boolean {
    // One that is larger goes alone.
    return this.bytes === 0 || this.bytes + bytes <= MAX_BYTES;
  }

  /** Returns what is to be called once it was taken, or dropped. */
  sent(bytes: number): () => void {
    const frame = { since: performance.now() };
    this.frames.add(frame);
    this.bytes += bytes;
    return () => {
      if (this.frames.delete(frame)) this.bytes -= bytes;
    };
  }

  /** @param late the oldest takes too long: all of them are to be dropped with their connection, so that receivers see the gap */
  watch(late: () => void): void {
    // Behind what the event loop reads next: a process that stood still has its answers waiting there.
    this.looking = setInterval(
      () => setImmediate(() => this.looking !== undefined && this.isLate() && late()),
      LOOK_MS,
    ).unref();
  }

  stop(): void {
    clearInterval(this.looking);
    this.looking = undefined;
  }

  private isLate(): boolean {
    const [oldest] = this.frames;
    return oldest !== undefined && performance.now() - oldest.since > MAX_DELAY_MS;
  }
}
