/**
 * How long things last that no setting changes, and that tests would wait for or must not be overtaken by. In milliseconds.
 * Everything reads them when it needs them.
 */
export interface Timings {
  /** A connection that is lost for a shorter time changes nothing of its user's presence. */
  presenceGraceMs: number;
  /** Who types is shown to others at most this often. */
  typingThrottleMs: number;
  /** Who has sent nothing more for so long has stopped typing. */
  typingExpiryMs: number;
  /** How long nothing may come and go on a connection to S3: until the first byte of an answer, too. */
  storeSilenceMs: number;
  /** All attempts of one call of S3 together; more for what has to be sent. */
  storeCallMs: number;
}

export const TIMINGS: Readonly<Timings> = {
  presenceGraceMs: 5_000,
  typingThrottleMs: 2_000,
  typingExpiryMs: 6_000,
  storeSilenceMs: 6_000,
  storeCallMs: 14_000,
};
