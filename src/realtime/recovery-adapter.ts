import { SessionAwareAdapter, type Session } from 'socket.io-adapter';
import type { ConnectionState } from './chat-socket.js';

/** Broadcasts kept for those who are about to come back; who missed more than this is brought up by sync. */
const MOST_PACKETS = 10_000;

interface KeptPacket {
  opts: { rooms: ReadonlySet<string> };
}

type PersistedSession = Parameters<SessionAwareAdapter['persistSession']>[0];

/**
 * Socket.IO's own recovery of a lost connection, with two things added that it lacks: a bound on what it keeps, and
 * being told when what a session may hear has changed. Recovery replays by the rooms a connection had when it was lost,
 * and before it is authenticated again; so whoever joined, left or was logged out meanwhile is not recovered, and syncs.
 */
export class RecoveryAdapter extends SessionAwareAdapter {
  private readonly recoverable = new Map<string, string>();
  /** How many packets were ever kept. */
  private kept = 0;

  /** Private in its type; there is no other way to bound it. */
  private get keptPackets(): KeptPacket[] {
    return (this as unknown as { packets: KeptPacket[] }).packets;
  }

  override persistSession(session: PersistedSession): void {
    const { principal } = session.data as ConnectionState;
    if (this.recoverable.size >= MOST_PACKETS) {
      const [oldest] = this.recoverable.keys();
      if (oldest !== undefined) this.recoverable.delete(oldest);
    }
    this.recoverable.set(session.pid, principal.userId);
    super.persistSession(session);
  }

  override async restoreSession(pid: string, offset: string): Promise<Session> {
    // Typed as a session, but null is how the base class says that there is none.
    if (!this.recoverable.delete(pid)) return null as unknown as Session;
    const at = this.kept;
    const session = (await super.restoreSession(pid, offset)) as Session | null;
    return (session === null ? null : { ...session, data: { restoredAt: at } }) as Session;
  }

  override broadcast(...parameters: Parameters<SessionAwareAdapter['broadcast']>): void {
    const { length } = this.keptPackets;
    super.broadcast(...parameters);
    const { keptPackets } = this;
    this.kept += keptPackets.length - length;
    if (keptPackets.length > MOST_PACKETS * 2) keptPackets.splice(0, keptPackets.length - MOST_PACKETS);
  }

  /**
   * Whether something was sent to these rooms since a session was restored. The base class replays what was missed when
   * it restores, and delivers again from when the connection is let in; what comes while that is being decided, it loses.
   */
  hasSentSince(restoredAt: number, rooms: ReadonlySet<string>): boolean {
    const since = this.kept - restoredAt;
    if (since > this.keptPackets.length) return true;
    return (
      since > 0 && this.keptPackets.slice(-since).some(({ opts }) => [...opts.rooms].some((name) => rooms.has(name)))
    );
  }

  /** The lost connections of these users are not recovered: what they may hear has changed. */
  forget(userIds: readonly string[]): void {
    if (this.recoverable.size === 0) return;
    const forgotten = new Set(userIds);
    for (const [pid, userId] of this.recoverable) if (forgotten.has(userId)) this.recoverable.delete(pid);
  }
}
