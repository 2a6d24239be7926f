import { ApiProperty } from '@nestjs/swagger';
import { Type } from 'class-transformer';
import { IsIn, IsObject, Matches, MaxLength, ValidateNested } from 'class-validator';
import { IsText } from '../../../common/validation/is-text.decorator.js';
import { OptionalField } from '../../../common/validation/optional-field.decorator.js';
import {
  APNS_ENVIRONMENTS,
  type ApnsEnvironment,
  PUSH_PLATFORMS,
  PUSH_PREVIEWS,
  type PushPlatform,
  type PushPreview,
} from '../devices.view.js';
import { MAX_TOKEN_BYTES } from '../push-token.js';

const BASE64URL = /^[\w-]{1,128}={0,2}$/;

export class SubscriptionKeysDto {
  /** The browser's public key of P-256, base64url. */
  @Matches(BASE64URL, { message: '$property must be base64url' })
  p256dh!: string;

  /** Its secret of 16 bytes, base64url. */
  @Matches(BASE64URL, { message: '$property must be base64url' })
  auth!: string;
}

/** What `PushSubscription.toJSON()` of a browser has, without `expirationTime`. */
export class SubscriptionDto {
  /** At one of the push services that are allowed (`PUSH_WEB_HOSTS`). @example "https://updates.push.services.mozilla.com/wpush/v2/gAAA" */
  @IsText({ min: 1, max: MAX_TOKEN_BYTES, singleLine: true })
  endpoint!: string;

  /** Taken as browsers write it, and of no use. */
  @ApiProperty({ type: 'integer', nullable: true, required: false })
  @OptionalField()
  expirationTime?: number | null;

  @IsObject()
  @ValidateNested()
  @Type(() => SubscriptionKeysDto)
  keys!: SubscriptionKeysDto;
}

/** `{ platform, token }` for expo, fcm and apns; `{ platform: "web", subscription }` for browsers. */
export class RegisterDeviceDto {
  @ApiProperty({ enum: PUSH_PLATFORMS, enumName: 'PushPlatform' })
  @IsIn(PUSH_PLATFORMS)
  platform!: PushPlatform;

  /** For expo, fcm and apns. @example "ExponentPushToken[xxxxxxxxxxxxxxxxxxxxxx]" */
  @OptionalField()
  @IsText({ min: 1, max: 1_100, singleLine: true })
  token?: string;

  /** For web. */
  @OptionalField()
  @IsObject()
  @ValidateNested()
  @Type(() => SubscriptionDto)
  subscription?: SubscriptionDto;

  /** Where the token of an iPhone (apns) is from. Default: production. */
  @ApiProperty({ enum: APNS_ENVIRONMENTS, enumName: 'ApnsEnvironment', required: false })
  @OptionalField()
  @IsIn(APNS_ENVIRONMENTS)
  environment?: ApnsEnvironment;

  /** What a notification may show. Left out: as it was, and `full` for a new device. */
  @ApiProperty({ enum: PUSH_PREVIEWS, enumName: 'PushPreview', required: false })
  @OptionalField()
  @IsIn(PUSH_PREVIEWS)
  preview?: PushPreview;

  /** A language tag: notifications are in that language where the server has texts in it, else in English. @example "de-AT" */
  @OptionalField()
  @MaxLength(35)
  @Matches(/^[A-Za-z0-9]+([-_][A-Za-z0-9]+)*$/, { message: '$property must be a language tag' })
  locale?: string;
}
