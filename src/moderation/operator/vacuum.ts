import { Injectable, Logger, type OnModuleDestroy } from '@nestjs/common';
import { Configuration } from '../../config/configuration.js';
import { type TableDue, tablesDue, vacuumTable } from '../../database/dead-rows.js';
import { connectForMaintenance, type MaintenanceConnection } from '../../database/maintenance-connection.js';

/**
 * Has PostgreSQL clean up behind what was deleted, one table after the other, on a connection of its own: behind the answer, for
 * it may take long. One run at a time; it ends with the process.
 */
@Injectable()
export class Vacuum implements OnModuleDestroy {
  private readonly logger = new Logger(Vacuum.name);
  private connection: MaintenanceConnection | undefined;
  private begun: Promise<TableDue[]> | undefined;
  private running: Promise<void> | undefined;
  private stopped = false;

  constructor(private readonly configuration: Configuration) {}

  /** @returns what is being cleaned from now on, or already */
  async begin(): Promise<TableDue[]> {
    this.begun ??= this.start();
    try {
      return await this.begun;
    } finally {
      if (this.running === undefined) this.begun = undefined;
    }
  }

  async onModuleDestroy(): Promise<void> {
    this.stopped = true;
    // In the middle of a statement this closes the socket; PostgreSQL ends the table that it is at.
    await this.connection?.end().catch(() => undefined);
    await this.running;
  }

  private async start(): Promise<TableDue[]> {
    const connection = await connectForMaintenance(this.configuration.databaseUrl ?? '', 'parley vacuum');
    this.connection = connection;
    try {
      const tables = await tablesDue(connection);
      this.running = this.run(connection, tables);
      return tables;
    } catch (error) {
      await this.close(connection);
      throw error;
    }
  }

  private async run(connection: MaintenanceConnection, tables: readonly TableDue[]): Promise<void> {
    try {
      for (const table of tables) if (!this.stopped) await vacuumTable(connection, table);
    } catch (error) {
      if (!this.stopped) this.logger.warn(`tables were not cleaned: ${(error as Error).message}`);
    } finally {
      await this.close(connection);
      this.begun = undefined;
      this.running = undefined;
    }
  }

  private async close(connection: MaintenanceConnection): Promise<void> {
    this.connection = undefined;
    await connection.end().catch(() => undefined);
  }
}
