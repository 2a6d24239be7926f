import { ApiProperty } from '@nestjs/swagger';
import { ArrayMaxSize, ArrayMinSize, IsArray, IsBoolean, IsIn, ValidateIf } from 'class-validator';
import { IsText } from '../../../common/validation/is-text.decorator.js';
import { WEBHOOK_EVENTS, type WebhookEventType } from '../webhook-events.js';
import { MAX_URL_LENGTH } from '../webhook-target.js';

const isGiven = (_: unknown, value: unknown): boolean => value !== undefined;

export class CreateWebhookDto {
  /** An https URL at port 443 of a public host, or of a host that the operator names. @example "https://moderation.example.com/parley" */
  @IsText({ min: 1, max: MAX_URL_LENGTH, singleLine: true })
  url!: string;

  @ApiProperty({
    enum: WEBHOOK_EVENTS,
    enumName: 'WebhookEventType',
    isArray: true,
    minItems: 1,
    maxItems: WEBHOOK_EVENTS.length,
  })
  @IsArray()
  @ArrayMinSize(1)
  @ArrayMaxSize(WEBHOOK_EVENTS.length)
  @IsIn(WEBHOOK_EVENTS, { each: true })
  events!: WebhookEventType[];
}

/** What of a webhook to change; what is left out stays. */
export class UpdateWebhookDto {
  /** @example "https://moderation.example.com/parley" */
  @ValidateIf(isGiven)
  @IsText({ min: 1, max: MAX_URL_LENGTH, singleLine: true })
  url?: string;

  @ApiProperty({
    enum: WEBHOOK_EVENTS,
    enumName: 'WebhookEventType',
    isArray: true,
    minItems: 1,
    maxItems: WEBHOOK_EVENTS.length,
    required: false,
  })
  @ValidateIf(isGiven)
  @IsArray()
  @ArrayMinSize(1)
  @ArrayMaxSize(WEBHOOK_EVENTS.length)
  @IsIn(WEBHOOK_EVENTS, { each: true })
  events?: WebhookEventType[];

  /** False sends nothing any more; true begins again, with what happens from then on. */
  @ValidateIf(isGiven)
  @IsBoolean()
  enabled?: boolean;
}
