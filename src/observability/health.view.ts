import { ApiProperty } from '@nestjs/swagger';

export class LivenessView {
  /** @example "ok" */
  status!: string;
}

export class ReadinessChecksView {
  @ApiProperty({ enum: ['up', 'down'] })
  database!: 'up' | 'down';

  /** `full`: nothing new is stored, until there is space again. */
  @ApiProperty({ enum: ['ok', 'full'] })
  disk!: 'ok' | 'full';

  /** Only where several processes are one server. `down`: what others do arrives later, by way of the database. */
  @ApiProperty({ enum: ['up', 'down'], required: false })
  redis?: 'up' | 'down';

  /** Only where several processes share a port. `down`: one of them is missing, or does not reach the others. */
  @ApiProperty({ enum: ['up', 'down'], required: false })
  workers?: 'up' | 'down';

  /** Only while this process counts by itself what several should count together. */
  @ApiProperty({ enum: ['down'], required: false })
  limits?: 'down';
}

export class ReadinessView {
  @ApiProperty({ enum: ['ok', 'degraded', 'error'] })
  status!: 'ok' | 'degraded' | 'error';
  checks!: ReadinessChecksView;
}
