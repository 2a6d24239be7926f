/** Ends a subscription. Harmless when called twice. */
export type Unsubscribe = () => void;

/**
 * A hint about the network, never a verdict: "online" makes the client try at once, "offline" is shown and forbids
 * nothing (virtual machines, captive portals and dual-homed computers say it wrongly).
 */
export interface Connectivity {
  /** Undefined where nobody knows. */
  isOnline(): boolean | undefined;
  subscribe(listener: (isOnline: boolean) => void): Unsubscribe;
}

export type LifecycleState = 'active' | 'inactive' | 'background';

/**
 * Whether somebody looks at the app. `background` must be announced while the process can still run: the client closes
 * its socket in the same tick. `inactive` (a hidden tab, the task switcher is open) keeps it; nobody looks, unless `setActive` says so.
 */
export interface Lifecycle {
  getState(): LifecycleState;
  subscribe(listener: (state: LifecycleState) => void): Unsubscribe;
}

/**
 * Mutual exclusion between all clients of one account on this device (tabs). Fair: in the order of the requests. A holder
 * that dies lets go. Without tabs the default grants at once, in order, within this process.
 */
export interface Lock {
  /**
   * Runs the work while nobody else holds the name, and lets go when its promise settles. `signal` ends the wait (the
   * returned promise then rejects with its reason); it does not interrupt work that has begun. `steal`: at once, from
   * whoever holds it, whose promise rejects while its work may still go on: for holders that are frozen.
   */
  run<Result>(
    name: string,
    work: () => Promise<Result>,
    options?: { signal?: AbortSignal; steal?: boolean },
  ): Promise<Result>;
}

/** Messages to the other clients of one account on this device, never to oneself. Best effort: a message may get lost. */
export interface Channel {
  post(message: ChannelMessage): void;
  subscribe(listener: (message: ChannelMessage) => void): Unsubscribe;
  close(): void;
}

/** JSON; its shapes are those of the module that sends it, distinguished by `type`. */
export type ChannelMessage = { readonly type: string; readonly [field: string]: unknown };

/** Opens the channel of a name; the default has no others to talk to. */
export type ChannelFactory = (name: string) => Channel;

/** What `setTimeout` gave; opaque to all but its clock. */
export interface Timer {
  readonly timer: unknown;
}

export interface Clock {
  /**
   * The device's time in ms since 1970, for what is shown. It may be a day off and may jump: nothing is ordered or timed by it
   * alone.
   */
  now(): number;
  /** Milliseconds since some moment of this process; never goes backwards. Differences of it measure time that passed. */
  elapsed(): number;
  /** Runs the work once after the delay, or later where the device slept. */
  setTimeout(work: () => void, delayMs: number): Timer;
  clearTimeout(timer: Timer | undefined): void;
}

export interface Random {
  /** At least 0, less than 1. */
  number(): number;
  /** A UUID as the server takes it for a `clientId`; never the same twice. */
  uuid(): string;
}
