import { ApiProperty } from '@nestjs/swagger';

export class EndedSessionsView {
  /** Sessions that lived. */
  @ApiProperty({ type: 'integer' })
  count!: number;
}

/** A table that is being cleaned. */
export class TableDueView {
  /** @example "messages" */
  name!: string;
  /** Rows that are gone, by PostgreSQL's own count. */
  @ApiProperty({ type: 'integer' })
  deadRows!: number;
}

export class VacuumView {
  /** Those with many rows that are gone; none where there is nothing to do. */
  @ApiProperty({ type: () => TableDueView, isArray: true })
  tables!: TableDueView[];
}
