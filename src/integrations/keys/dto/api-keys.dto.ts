import { ApiProperty } from '@nestjs/swagger';
import { ArrayMaxSize, ArrayMinSize, IsArray, IsIn } from 'class-validator';
import { KEY_SCOPES, type KeyScope } from '../../../common/access/key-scope.js';
import { IsName } from '../../../common/validation/is-text.decorator.js';
import { IsTime } from '../../../common/validation/is-time.decorator.js';
import { OptionalField } from '../../../common/validation/optional-field.decorator.js';

export class CreateApiKeyDto {
  /** For people: what it is for. One line of 1 to 64 characters. @example "Support desk" */
  @IsName({ max: 64 })
  name!: string;

  @ApiProperty({ enum: KEY_SCOPES, enumName: 'KeyScope', isArray: true, minItems: 1, maxItems: KEY_SCOPES.length })
  @IsArray()
  @ArrayMinSize(1)
  @ArrayMaxSize(KEY_SCOPES.length)
  @IsIn(KEY_SCOPES, { each: true })
  scopes!: KeyScope[];

  /** When it ends by itself; left out: never. */
  @OptionalField()
  @IsTime({ required: false })
  expiresAt?: string;
}
