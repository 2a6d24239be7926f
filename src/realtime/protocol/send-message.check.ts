import type { Type } from '@nestjs/common';
import { validated } from '../../common/validation/validation.js';
import { UUID_PATTERN } from '../../common/identifier.js';
import { textFault } from '../../common/validation/is-text.decorator.js';
import { invalidField } from '../../common/errors.js';
import { MAX_CONTENT_LENGTH } from '../../messages/dto/messages.dto.js';
import { SendMessageDto } from './client-events.dto.js';

const CONTENT = { min: 1, max: MAX_CONTENT_LENGTH } as const;

/**
 * The payload of `send_message`, checked. class-validator alone would cost more than all else the message costs, so what
 * is plainly right is recognised by hand, and only the rest goes through the DTO, which also words every refusal. A
 * property test holds the two together.
 *
 * @throws DomainError VALIDATION_FAILED.
 */
export function checkedSendMessage(payload: unknown, type: Type<SendMessageDto> = SendMessageDto): SendMessageDto {
  const dto = plainlyValid(payload) ?? validated(type, payload);
  if ((dto.conversationId === undefined) === (dto.receiverId === undefined)) {
    throw invalidField('conversationId', 'exactly one of conversationId and receiverId must be given');
  }
  return dto;
}

/** The payload as the DTO would have it; undefined where it takes a closer look. */
export function plainlyValid(payload: unknown): SendMessageDto | undefined {
  if (typeof payload !== 'object' || payload === null || Object.getPrototypeOf(payload) !== Object.prototype)
    return undefined;
  const dto = new SendMessageDto();
  let hasContent = false;
  for (const [field, value] of Object.entries(payload)) {
    switch (field) {
      case 'content':
        if (textFault(value, CONTENT) !== null) return undefined;
        dto.content = value as string;
        hasContent = true;
        break;
      case 'conversationId':
      case 'receiverId':
      case 'clientId':
      case 'replyToId':
        if (typeof value !== 'string' || !UUID_PATTERN.test(value)) return undefined;
        dto[field] = value.toLowerCase();
        break;
      default:
        return undefined;
    }
  }
  return hasContent && (dto.conversationId !== undefined || dto.receiverId !== undefined) ? dto : undefined;
}
