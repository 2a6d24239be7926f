/** One of the caller's devices (contract, section 2). */
export class SessionView {
  /** @example "0197a6b2-8f1e-7c3a-9d52-1b6f0c8e4a11" */
  id!: string;
  /** As the client named it; of a trusted issuer's user, the issuer. @example "Phone of Ada" */
  deviceName!: string | null;
  /** The IP address it was opened from. @example "203.0.113.7" */
  ip!: string | null;
  /** ISO 8601, UTC. */
  createdAt!: string;
  /** When it was opened or last refreshed: ISO 8601, UTC. */
  lastUsedAt!: string;
  /** Whether it is the one that asks. */
  current!: boolean;
}

export interface SessionRow {
  id: string;
  deviceName: string | null;
  ip: string | null;
  createdAt: Date;
  lastUsedAt: Date;
}

export function sessionView({ id, deviceName, ip, createdAt, lastUsedAt }: SessionRow, current: string): SessionView {
  return {
    id,
    deviceName,
    ip,
    createdAt: createdAt.toISOString(),
    lastUsedAt: lastUsedAt.toISOString(),
    current: id === current,
  };
}
