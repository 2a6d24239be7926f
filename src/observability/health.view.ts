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
}

export class ReadinessView {
  @ApiProperty({ enum: ['ok', 'error'] })
  status!: 'ok' | 'error';
  checks!: ReadinessChecksView;
}
