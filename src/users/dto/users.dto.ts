import { ApiProperty } from '@nestjs/swagger';
import { Transform } from 'class-transformer';
import { IsUrl, ValidateIf } from 'class-validator';
import { IsId } from '../../common/validation/is-id.decorator.js';
import { IsName, IsText } from '../../common/validation/is-text.decorator.js';
import { PageQuery } from '../../common/pagination.js';
import { IsUsername } from '../is-username.decorator.js';

export const MAX_DISPLAY_NAME_LENGTH = 64;

const trimmed = ({ value }: { value: unknown }): unknown => (typeof value === 'string' ? value.trim() : value);
const isGiven = (_: unknown, value: unknown): boolean => value !== undefined;
const isGivenAndNotNull = (_: unknown, value: unknown): boolean => value !== undefined && value !== null;

/** What of one's own profile to change; what is left out stays. */
export class UpdateProfile {
  @ValidateIf(isGiven)
  @IsUsername()
  username?: string;

  /** One line of 1 to 64 characters. @example "Ada Lovelace" */
  @ValidateIf(isGiven)
  @IsName({ max: MAX_DISPLAY_NAME_LENGTH })
  displayName?: string;

  /** An https URL, or null for none. @example "https://example.com/ada.png" */
  @ValidateIf(isGivenAndNotNull)
  @IsText({ max: 2_048, singleLine: true })
  @IsUrl({ protocols: ['https'], require_protocol: true, disallow_auth: true })
  avatarUrl?: string | null;

  /** An image of one's own that was uploaded and is used by nothing else; instead of `avatarUrl`. */
  @ValidateIf(isGiven)
  @IsId({ required: false })
  avatarId?: string;
}

export class UserSearch extends PageQuery {
  /** How the username or the display name begins, in either case: 1 to 64 characters. @example "ad" */
  @ApiProperty({ minLength: 1, maxLength: 64 })
  @Transform(trimmed)
  @IsText({ min: 1, max: 64 })
  search!: string;
}
