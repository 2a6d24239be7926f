import { RECOVERY_WINDOW_MS } from './recovery-log.js';

/** Lost connections that may come back; the one lost first makes room. */
const MAX_LOST_SESSIONS = 10_000;
/** Rooms remembered for all of them together: a user may be in thousands. */
const MAX_LOST_ROOMS = 500_000;

export interface LostSession<Session> {
  readonly pid: string;
  readonly userId: string;
  readonly rooms: ReadonlySet<string>;
  readonly session: Session;
}

/** One that has come back, and is being let in. */
export interface TakenSession<Session> extends LostSession<Session> {
  /** What it may receive has changed since. */
  readonly hasChanged: boolean;
}

/** Connections that were lost, in the order in which they were: who may still come back, and to which rooms. */
export class LostSessions<Session> {
  private readonly sessions = new Map<
    string,
    LostSession<Session> & { lostAt: number; isBack: boolean; hasChanged: boolean }
  >();
  private readonly byUser = new Map<string, Set<string>>();
  private readonly byRoom = new Map<string, Set<string>>();
  private rooms = 0;

  constructor(private readonly now: () => number = Date.now) {}

  get size(): number {
    return this.sessions.size;
  }

  add(lost: LostSession<Session>): void {
    this.remove(lost.pid);
    this.sessions.set(lost.pid, { ...lost, lostAt: this.now(), isBack: false, hasChanged: false });
    this.rooms += lost.rooms.size;
    put(this.byUser, lost.userId, lost.pid);
    for (const name of lost.rooms) put(this.byRoom, name, lost.pid);
    this.expire();
    for (const [pid] of this.sessions) {
      if (this.sessions.size <= MAX_LOST_SESSIONS && this.rooms <= MAX_LOST_ROOMS) break;
      this.remove(pid);
    }
  }

  /**
   * Answers it once. Its rooms stay awaited until its time is over: it is let in only when its token was looked at, and
   * is sent then what came meanwhile.
   */
  take(pid: string): TakenSession<Session> | undefined {
    const lost = this.sessions.get(pid);
    if (lost === undefined || lost.isBack || lost.lostAt < this.now() - RECOVERY_WINDOW_MS) return undefined;
    lost.isBack = true;
    return lost;
  }

  /** None of this user's comes back, and none that is back counts as the same. */
  forget(userId: string): void {
    for (const pid of this.byUser.get(userId) ?? []) {
      const lost = this.sessions.get(pid);
      if (lost?.isBack === true) lost.hasChanged = true;
      else this.remove(pid);
    }
  }

  isAwaited(name: string): boolean {
    return this.byRoom.has(name);
  }

  userIds(): Iterable<string> {
    return this.byUser.keys();
  }

  userIdsIn(name: string): string[] {
    return this.lostIn(name).map(({ userId }) => userId);
  }

  sessionsIn(name: string): Session[] {
    return this.lostIn(name).map(({ session }) => session);
  }

  private lostIn(name: string): LostSession<Session>[] {
    return [...(this.byRoom.get(name) ?? [])].flatMap((pid) => this.sessions.get(pid) ?? []);
  }

  expire(): void {
    const oldest = this.now() - RECOVERY_WINDOW_MS;
    for (const [pid, { lostAt }] of this.sessions) {
      if (lostAt >= oldest) break;
      this.remove(pid);
    }
  }

  private remove(pid: string): void {
    const lost = this.sessions.get(pid);
    if (lost === undefined) return;
    // Of one that is back already nothing is noted any more.
    lost.hasChanged = true;
    this.sessions.delete(pid);
    this.rooms -= lost.rooms.size;
    remove(this.byUser, lost.userId, pid);
    for (const name of lost.rooms) remove(this.byRoom, name, pid);
  }
}

function put(sets: Map<string, Set<string>>, key: string, pid: string): void {
  const set = sets.get(key);
  if (set === undefined) sets.set(key, new Set([pid]));
  else set.add(pid);
}

function remove(sets: Map<string, Set<string>>, key: string, pid: string): void {
  const set = sets.get(key);
  set?.delete(pid);
  if (set?.size === 0) sets.delete(key);
}
