/** What a limit counts by. */
export type LimitScope = 'ipAddress' | 'account' | 'session' | 'user' | 'connection' | 'key';

/** A token bucket: `burst` at once, refilled with `points` every `perSeconds` seconds. */
export interface Limit {
  readonly per: LimitScope;
  readonly burst: number;
  readonly points: number;
  readonly perSeconds: number;
}

/**
 * Every limit of this server, as it is unless `LIMITS` in the environment says otherwise. A person with several devices,
 * and an office of people behind one IP address, meet none; each is there against one thing that many requests could do.
 * docs/operations.md has the same table for who runs a server.
 */
export const LIMITS = {
  /** Guesses at any passwords; each costs a password hash, up to 60 ms of CPU. */
  loginByAddress: { per: 'ipAddress', burst: 300, points: 60, perSeconds: 60 },
  /**
   * Wrong guesses at one account's password by one guesser (an IP address, or a device that the account knows): three limits,
   * so that the wait grows. The daily one counts strangers by their network. Right ones are given back, here and below.
   */
  loginByAccount: { per: 'account', burst: 10, points: 10, perSeconds: 60 },
  loginByAccountHourly: { per: 'account', burst: 30, points: 30, perSeconds: 3_600 },
  loginByAccountDaily: { per: 'account', burst: 60, points: 60, perSeconds: 86_400 },
  /** Wrong guesses at one account's password by all IP addresses together from which it was never used. */
  loginByStrangers: { per: 'account', burst: 200, points: 200, perSeconds: 86_400 },
  /** Wrong guesses by one IP address at the passwords of accounts that were never used from it. */
  wrongLoginsByAddress: { per: 'ipAddress', burst: 100, points: 100, perSeconds: 3_600 },
  /** New accounts; each costs a password hash. */
  register: { per: 'ipAddress', burst: 300, points: 300, perSeconds: 60 },
  /** New token pairs, and log-outs. */
  refresh: { per: 'ipAddress', burst: 300, points: 10, perSeconds: 1 },
  /**
   * New token pairs of one session, repeats among them: each leaves a spent token, which is kept for weeks and looked through by
   * the next. A client needs one in the life of an access token: five tabs that know nothing of each other, five in that of a
   * minute, beside six that are refilled.
   */
  refreshesOfSession: { per: 'session', burst: 120, points: 1, perSeconds: 10 },
  /** Guesses at codes, and requests for new ones, of any accounts. A code itself bears five guesses from an IP address. */
  codesByAddress: { per: 'ipAddress', burst: 60, points: 30, perSeconds: 60 },
  /** Codes of a kind mailed to one e-mail address for one IP address; beyond it none is sent, and the answer is the same. */
  codesByAccount: { per: 'account', burst: 5, points: 5, perSeconds: 3_600 },
  /** The same for a network, unless the account was used from the very IP address. */
  codesByNetwork: { per: 'account', burst: 10, points: 10, perSeconds: 86_400 },
  /** The same for all IP addresses together from which the account was never used. */
  codesByStrangers: { per: 'account', burst: 50, points: 100, perSeconds: 86_400 },
  /** Wrong guesses at the password of the session one is in, by session: three limits, so that the wait grows. */
  passwordConfirmations: { per: 'account', burst: 10, points: 10, perSeconds: 60 },
  passwordConfirmationsHourly: { per: 'account', burst: 30, points: 30, perSeconds: 3_600 },
  passwordConfirmationsDaily: { per: 'account', burst: 60, points: 60, perSeconds: 86_400 },
  /** Complete copies of what is stored of a user, or of the audit log; and an administrator's `vacuum` and `after-restore`. */
  exports: { per: 'user', burst: 5, points: 5, perSeconds: 3_600 },
  /** Searches of users and messages. */
  search: { per: 'user', burst: 60, points: 10, perSeconds: 1 },
  /** Friend requests: each one reaches a person. And blocks taken back: each is delivered to all devices. */
  friendRequests: { per: 'user', burst: 100, points: 60, perSeconds: 60 },
  /** Those of one user to one other: each is kept, and found by the other's devices. */
  friendRequestsToOne: { per: 'user', burst: 20, points: 20, perSeconds: 86_400 },
  /** Changes of one's own profile: each is delivered to all contacts. */
  profileChanges: { per: 'user', burst: 30, points: 30, perSeconds: 3_600 },
  /** People reached who are neither friends nor have ever answered: new conversations, friend requests, additions to groups. */
  strangersAnHour: { per: 'user', burst: 20, points: 20, perSeconds: 3_600 },
  /** The same in a day. */
  strangersADay: { per: 'user', burst: 100, points: 100, perSeconds: 86_400 },
  /** Changes of groups, by their members: each is a message to all of them. */
  groupChanges: { per: 'user', burst: 200, points: 1, perSeconds: 1 },
  /** Reports: each is looked at by a person. */
  reports: { per: 'user', burst: 20, points: 20, perSeconds: 3_600 },
  /** Acts of one moderator: what a stolen session of one can do at once. */
  moderation: { per: 'user', burst: 120, points: 60, perSeconds: 60 },
  /** Messages sent or edited. */
  messages: { per: 'user', burst: 20, points: 5, perSeconds: 1 },
  /** Reactions set or taken back. */
  reactions: { per: 'user', burst: 30, points: 5, perSeconds: 1 },
  /** Kilobytes of answers to questions: pages of history, lists, sync. Charged afterwards, by what the answer was. */
  readKilobytes: { per: 'user', burst: 8_000, points: 1_000, perSeconds: 1 },
  /** Pages that are fetched to show what a user's links lead to; a link beyond it is shown as it is. */
  linkPreviews: { per: 'user', burst: 20, points: 20, perSeconds: 60 },
  /** Files uploaded; each image costs up to some seconds of CPU. */
  uploads: { per: 'user', burst: 200, points: 60, perSeconds: 60 },
  /** The same in megabytes: what one user can fill of the disk in a day. */
  uploadedMegabytes: { per: 'user', burst: 5_000, points: 5_000, perSeconds: 86_400 },
  /** Requests that bring a part of a resumable upload, each of which ends with its bytes on the disk, or confirm an upload. */
  uploadParts: { per: 'user', burst: 1_000, points: 20, perSeconds: 1 },
  /** Registrations of devices for push. An app registers once a start. */
  devices: { per: 'user', burst: 60, points: 30, perSeconds: 60 },
  /** Seconds of a processor that one user's images take; a photograph takes half a one. */
  imageSeconds: { per: 'user', burst: 300, points: 600, perSeconds: 3_600 },
  /** Requests and connections of one API key. */
  keyRequests: { per: 'key', burst: 1_000, points: 100, perSeconds: 1 },
  /** Messages sent or edited by one API key, whoever it acts as, instead of `messages`. */
  keyMessages: { per: 'key', burst: 200, points: 50, perSeconds: 1 },
  /** Tests of webhooks, each a request to another server. */
  webhookTests: { per: 'user', burst: 20, points: 20, perSeconds: 60 },
  /** Saying that one types; what is shown of it is less. */
  typing: { per: 'user', burst: 60, points: 10, perSeconds: 1 },
  /** Socket events of any kind. */
  events: { per: 'connection', burst: 1_000, points: 100, perSeconds: 1 },
  /** New sockets of any kind: each costs a signature to verify and a read of the database. */
  connects: { per: 'ipAddress', burst: 1_000, points: 50, perSeconds: 1 },
  /** A user's connections that were ended because they flooded; beyond it the user is let in no more for a while. */
  floods: { per: 'user', burst: 5, points: 1, perSeconds: 10 },
  /** HTTP requests of any kind but OPTIONS, which need nothing of anybody; those of sockets before they are open among them. */
  http: { per: 'ipAddress', burst: 5_000, points: 400, perSeconds: 1 },
} as const satisfies Record<string, Limit>;

export type LimitName = keyof typeof LIMITS;

/** The limits of one server: those of `LIMITS`, with what its configuration changes. */
export type LimitTable = Readonly<Record<LimitName, Limit>>;
