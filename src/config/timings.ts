/**
 * How long things last that no setting changes, and that tests would wait for or must not be overtaken by. In milliseconds.
 * Everything reads them when it needs them.
 */
export interface Timings {
  /** A connection that is lost for a shorter time changes nothing of its user's presence. */
  presenceGraceMs: number;
  /** How long the lease lasts by which a process holds the presences of its users; it is renewed three times meanwhile. */
  presenceLeaseMs: number;
  /** How often it is looked for leases that ended, with the processes that held them. */
  presenceSweepMs: number;
  /** How often a process with connections asks whether somebody else's act ended sessions. */
  sessionEndingsMs: number;
  /** A user who types is shown to others at most this often. */
  typingThrottleMs: number;
  /** A user who has sent nothing more for so long has stopped typing. */
  typingExpiryMs: number;
  /** How often it is looked whether an upload comes in fast enough. */
  uploadPaceCheckMs: number;
  /** How often a process says that it is at an announced upload; one that did not for two minutes is taken for dead. */
  uploadRenewalMs: number;
  /** How often every process says that it lives to the others at least; one of which nothing came three times is gone. */
  clusterHeartbeatMs: number;
  /** How often the database is asked for what others changed while the bus carries nothing; half as long otherwise. */
  clusterCatchUpMs: number;
  /** What is said within this time after a quiet moment is indexed for search together. */
  searchIndexPauseMs: number;
  /** How long nothing may come and go on a connection to S3: until the first byte of an answer, too. */
  storeSilenceMs: number;
  /** All attempts of one call of S3 together; more for what has to be sent. */
  storeCallMs: number;
  /** How long a message rings later: where nobody looks, and where somebody looks at something else in the app. */
  pushIdleDelayMs: number;
  pushElsewhereDelayMs: number;
  /** What was read elsewhere within this time leaves the device together. */
  pushClearDelayMs: number;
  /** A conversation makes no second sound on a device within this time. */
  pushSoundWindowMs: number;
  /** What happens within this time is planned together. */
  pushPlanPauseMs: number;
  /** The longest rest between looks, where there are several processes, for what one that ended had not planned. */
  pushWalkMs: number;
  /** How often it is looked whether another process left something that is to be sent to devices, and measured what waits. */
  pushRestMs: number;
  /** A process that sends to a device has it for so long; longer than any provider is waited for. */
  pushLeaseMs: number;
  /** How long an answer of a provider is waited for. */
  pushRequestMs: number;
  /** The first wait after a provider failed, doubled with each that follows. */
  pushRetryMs: number;
  /** How long after it took a notification Expo is asked what became of it. */
  pushReceiptMs: number;
  /** What happens within this time is planned for webhooks together. */
  webhookPlanPauseMs: number;
  /** How often it is looked whether another process left something that is to be planned or sent. */
  webhookRestMs: number;
  /** The first rest of a receiver that failed several times in a row, doubled with each failure that follows. */
  webhookBreakMs: number;
  /** A process that sends to a webhook has a delivery for so long; longer than any receiver is waited for. */
  webhookLeaseMs: number;
  /** How long the answer of a receiver is waited for. */
  webhookRequestMs: number;
  /** The first wait after a failed attempt; the later ones, up to a day, are longer or shorter with it. */
  webhookRetryMs: number;
}

export const TIMINGS: Readonly<Timings> = {
  presenceGraceMs: 5_000,
  presenceLeaseMs: 20_000,
  presenceSweepMs: 5_000,
  sessionEndingsMs: 2_000,
  typingThrottleMs: 2_000,
  typingExpiryMs: 6_000,
  uploadPaceCheckMs: 2_000,
  uploadRenewalMs: 10_000,
  clusterHeartbeatMs: 1_000,
  clusterCatchUpMs: 2_000,
  searchIndexPauseMs: 2_000,
  storeSilenceMs: 6_000,
  storeCallMs: 14_000,
  pushIdleDelayMs: 1_000,
  pushElsewhereDelayMs: 5_000,
  pushClearDelayMs: 2_000,
  pushSoundWindowMs: 30_000,
  pushPlanPauseMs: 150,
  pushWalkMs: 10 * 60_000,
  pushRestMs: 5_000,
  pushLeaseMs: 60_000,
  pushRequestMs: 10_000,
  pushRetryMs: 1_000,
  pushReceiptMs: 15 * 60_000,
  webhookPlanPauseMs: 150,
  webhookRestMs: 2_000,
  webhookBreakMs: 1_000,
  webhookLeaseMs: 60_000,
  webhookRequestMs: 15_000,
  webhookRetryMs: 5_000,
};
