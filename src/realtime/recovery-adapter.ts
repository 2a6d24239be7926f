import { SessionAwareAdapter, type Session } from 'socket.io-adapter';
import type { ConnectionState } from './chat-socket.js';

/** Broadcasts kept for those who are about to come back; who missed more than this is brought up by sync. */
const MOST_PACKETS = 10_000;

type PersistedSession = Parameters<SessionAwareAdapter['persistSession']>[0];

/**
 * Socket.IO's own recovery of a lost connection, with two things added that it lacks: a bound on what it keeps, and
 * being told when what a session may hear has changed. Recovery replays by the rooms a connection had when it was lost,
 * and before it is authenticated again; so whoever joined, left or was logged out meanwhile is not recovered, and syncs.
 */
export class RecoveryAdapter extends SessionAwareAdapter {
  private readonly recoverable = new Map<string, string>();

  override persistSession(session: PersistedSession): void {
    const { principal } = session.data as ConnectionState;
    if (this.recoverable.size >= MOST_PACKETS) {
      const [oldest] = this.recoverable.keys();
      if (oldest !== undefined) this.recoverable.delete(oldest);
    }
    this.recoverable.set(session.pid, principal.userId);
    super.persistSession(session);
  }

  override restoreSession(pid: string, offset: string): Promise<Session> {
    // Typed as a session, but null is how the base class says that there is none.
    if (!this.recoverable.delete(pid)) return Promise.resolve(null as unknown as Session);
    return super.restoreSession(pid, offset);
  }

  override broadcast(...parameters: Parameters<SessionAwareAdapter['broadcast']>): void {
    super.broadcast(...parameters);
    // Private in its type; there is no other way to bound it.
    const { packets } = this as unknown as { packets: unknown[] };
    if (packets.length > MOST_PACKETS * 2) packets.splice(0, packets.length - MOST_PACKETS);
  }

  /** The lost connections of these users are not recovered: what they may hear has changed. */
  forget(userIds: readonly string[]): void {
    if (this.recoverable.size === 0) return;
    const forgotten = new Set(userIds);
    for (const [pid, userId] of this.recoverable) if (forgotten.has(userId)) this.recoverable.delete(pid);
  }
}
