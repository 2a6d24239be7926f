import { Injectable } from '@nestjs/common';
import { Database } from '../database/database.js';
import { Metrics } from './metrics.js';

/** How the connections to PostgreSQL are used. */
@Injectable()
export class DatabaseMetrics {
  constructor(database: Database, metrics: Metrics) {
    const pools = { commands: database.pool, reads: database.reads.pool, background: database.background.pool };
    metrics.gauges('parley_database_connections', 'Open connections to PostgreSQL.', ['pool', 'state'], () =>
      Object.entries(pools).flatMap(([pool, { totalCount, idleCount }]) => [
        { labels: { pool, state: 'idle' }, value: idleCount },
        { labels: { pool, state: 'used' }, value: totalCount - idleCount },
      ]),
    );
    metrics.gauges('parley_database_waiting', 'Statements that wait for a connection.', ['pool'], () =>
      Object.entries(pools).map(([pool, { waitingCount }]) => ({ labels: { pool }, value: waitingCount })),
    );
    metrics.gauges('parley_database_connections_max', 'Connections that a pool may open.', ['pool'], () =>
      Object.entries(pools).map(([pool, { options }]) => ({ labels: { pool }, value: options.max })),
    );
  }
}
