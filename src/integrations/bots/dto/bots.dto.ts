import { ApiProperty } from '@nestjs/swagger';
import { IsName } from '../../../common/validation/is-text.decorator.js';
import { MAX_DISPLAY_NAME_LENGTH } from '../../../users/dto/users.dto.js';
import { IsUsername } from '../../../users/is-username.decorator.js';

export class CreateBotDto {
  @ApiProperty({ type: String, required: true, example: 'helpdesk' })
  @IsUsername()
  username!: string;

  /** One line of 1 to 64 characters. @example "Help desk" */
  @IsName({ max: MAX_DISPLAY_NAME_LENGTH })
  displayName!: string;
}
