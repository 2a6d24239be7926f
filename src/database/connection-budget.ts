import { DatabaseStartError } from './connection-failure.js';
import { connectForMaintenance } from './maintenance-connection.js';

/** What a server leaves to others: tools of the operator, and what is asked beside the pools. */
const SPARE_CONNECTIONS = 10;
const MIN_POOL_SIZE = 4;

/** Connections of a process, how many of them PostgreSQL has for all, and whether that is tight where others share it. */
export interface ConnectionBudget {
  size: number;
  available: number;
  isTight: boolean;
}

/**
 * How many connections each of so many processes may have, so that PostgreSQL takes them all.
 * @param wanted more than this nobody has
 * @throws DatabaseStartError in one line, where there is no room for so many processes
 */
export async function poolSizeOfWorkers(databaseUrl: string, count: number, wanted: number): Promise<ConnectionBudget> {
  const client = await connectForMaintenance(databaseUrl, 'parley check');
  try {
    const { rows } = await client.query<{ available: number }>(
      `SELECT current_setting('max_connections')::integer - current_setting('superuser_reserved_connections')::integer AS available`,
    );
    const available = (rows[0]?.available ?? 0) - SPARE_CONNECTIONS;
    const size = Math.min(wanted, Math.floor(available / count));
    // Twice as many: those of an old and a new release.
    if (size >= MIN_POOL_SIZE) return { size, available, isTight: 2 * count * size > available };
    throw new DatabaseStartError(
      `WORKERS ${count} are too many: each needs ${MIN_POOL_SIZE} connections, and PostgreSQL has ${Math.max(0, available)} for them (max_connections)`,
    );
  } finally {
    await client.end().catch(() => undefined);
  }
}
