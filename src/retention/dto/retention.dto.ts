import { ApiProperty } from '@nestjs/swagger';
import { IsInt, Max, Min, ValidateIf } from 'class-validator';

export const MAX_RETENTION_DAYS = 36_500;

export class SetRetentionDto {
  /** Null keeps messages as long as the server does, 0 for ever. */
  @ApiProperty({ type: 'integer', nullable: true, minimum: 0, maximum: MAX_RETENTION_DAYS })
  @ValidateIf((_, value) => value !== null)
  @IsInt()
  @Min(0)
  @Max(MAX_RETENTION_DAYS)
  days!: number | null;
}
