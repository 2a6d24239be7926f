import { ApiProperty } from '@nestjs/swagger';
import { Equals } from 'class-validator';
import { OptionalReasonDto } from '../../accounts/dto/accounts.dto.js';

export class EndAllSessionsDto extends OptionalReasonDto {
  /** That everybody is meant. */
  @ApiProperty({ type: Boolean, enum: [true] })
  @Equals(true)
  everybody!: boolean;
}
