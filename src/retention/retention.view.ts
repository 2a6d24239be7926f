import { ApiProperty } from '@nestjs/swagger';

/** How long a conversation keeps its messages. */
export class RetentionView {
  /** What was set for it: null keeps them as long as the server does (`RETENTION_DAYS`), 0 for ever. */
  @ApiProperty({ type: 'integer', nullable: true })
  days!: number | null;
  /** What follows from that; null: for ever. */
  @ApiProperty({ type: 'integer', nullable: true })
  effectiveDays!: number | null;
}
