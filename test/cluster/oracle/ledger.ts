/** More than these are more of the same. */
const MAX_VIOLATIONS = 100;
/** After a fault is over, what it left behind is put right within this time. */
export const SETTLING_MS = 8_000;
/** Timers that come later than this stand for a machine that served nobody: no bound by the clock holds then. */
export const STALL_MS = 500;
const STALL_WATCH_MS = 50;

/** What a client was answered to. */
export interface AcknowledgedMessage {
  readonly id: string;
  readonly clientId: string;
  readonly conversationId: string;
  readonly senderId: string;
  readonly seq: number;
  /** As it was acknowledged last; null: deleted. */
  content: string | null;
  /** Somebody changes it at the moment, or nobody knows whether that succeeded. */
  isBusy: boolean;
}

/** A message as an event, not by sync. */
export interface Delivery {
  readonly device: string;
  readonly userId: string;
  readonly conversationId: string;
  readonly seq: number;
  readonly messageId: string;
  readonly receivedAt: number;
}

/** A message that came behind a newer one. */
export interface Overtaken {
  readonly device: string;
  readonly conversationId: string;
  readonly seq: number;
  /** The newest that had come. */
  readonly behind: number;
  readonly receivedAt: number;
}

interface FaultPeriod {
  readonly name: string;
  readonly from: number;
  to: number;
}

/** All that happened, to be held against the database in the end. */
export class Ledger {
  readonly violations: string[] = [];
  readonly acknowledged: AcknowledgedMessage[] = [];
  readonly deliveries: Delivery[] = [];
  readonly overtaken: Overtaken[] = [];
  readonly counts = new Map<string, number>();
  readonly faults: FaultPeriod[] = [];
  private readonly began = Date.now();
  private readonly stallWatch: NodeJS.Timeout;

  constructor(private readonly report: (line: string) => void) {
    let last = Date.now();
    this.stallWatch = setInterval(() => {
      const now = Date.now();
      if (now - last > STALL_MS) this.stalled('the machine', last, now);
      last = now;
    }, STALL_WATCH_MS);
  }

  close(): void {
    clearInterval(this.stallWatch);
  }

  get seconds(): string {
    return ((Date.now() - this.began) / 1_000).toFixed(1);
  }

  note(line: string): void {
    this.report(`${this.seconds} s: ${line}`);
  }

  violation(text: string): void {
    if (this.violations.length < MAX_VIOLATIONS) this.violations.push(`at ${this.seconds} s: ${text}`);
    this.note(`VIOLATION ${text}`);
  }

  count(what: string): void {
    this.counts.set(what, (this.counts.get(what) ?? 0) + 1);
  }

  /** Returns what ends it. */
  beginFault(name: string): () => void {
    const period: FaultPeriod = { name, from: Date.now(), to: Number.POSITIVE_INFINITY };
    this.faults.push(period);
    this.count(`fault: ${name.replace(/ of process-\d$/, '')}`);
    this.note(`fault: ${name}`);
    return () => {
      period.to = Date.now();
    };
  }

  /** Not a fault of the plan, so that it is not counted as one. */
  stalled(who: string, from: number, to: number): void {
    this.faults.push({ name: `${who} stalled`, from, to });
    this.note(`${who} stalled for ${to - from} ms`);
  }

  /** Whether nothing was broken in this time, nor shortly before it. */
  isCalm(from: number, to: number): boolean {
    return this.faults.every((fault) => fault.to + SETTLING_MS < from || fault.from > to);
  }

  faultsAround(at: number): string {
    return this.faults
      .filter(({ from, to }) => from - SETTLING_MS < at && at < to + SETTLING_MS)
      .map(({ name, from, to }) => `${name} from ${from - at} to ${to - at} ms`)
      .join('; ');
  }
}
