import 'reflect-metadata';
import { describe, expect, it } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import fc from 'fast-check';
import type { DomainError, FieldErrors } from '../../common/errors.js';
import { validated } from '../../common/validation/validation.js';
import { SendMessageDto } from './client-events.dto.js';
import { checkedSendMessage, plainlyValid } from './send-message.check.js';

const id = fc.uuid().chain((uuid) => fc.constantFrom(uuid, uuid.toUpperCase()));
const odd = fc.oneof(
  fc.constantFrom<unknown>(
    null,
    undefined,
    '',
    ' ',
    '\0',
    'a\0b',
    '\ud800',
    'no-uuid',
    0,
    1,
    true,
    [],
    {},
    ['x'],
    Number.NaN,
  ),
  fc.string(),
  fc.anything(),
);
const content = fc.oneof(
  fc.string({ minLength: 1, maxLength: 50 }),
  fc.string({ unit: 'grapheme', maxLength: 20 }),
  fc.constantFrom(
    'x'.repeat(8_000),
    'x'.repeat(8_001),
    '😀'.repeat(8_000),
    '😀'.repeat(8_001),
    '\n\t ',
    '\u200b\u202e',
    '\u3164',
    '\u200bx',
    'ok',
  ),
);
/** Nearly valid far more often than not: that is where two checks part. */
const payload = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record(
      {
        conversationId: fc.oneof({ weight: 6, arbitrary: id }, odd),
        receiverId: fc.oneof({ weight: 6, arbitrary: id }, odd),
        content: fc.oneof({ weight: 6, arbitrary: content }, odd),
        clientId: fc.oneof({ weight: 6, arbitrary: id }, odd),
        replyToId: fc.oneof({ weight: 6, arbitrary: id }, odd),
        attachmentIds: fc.oneof(fc.constant([]), odd),
        extra: odd,
      },
      { requiredKeys: [] },
    ),
  },
  { weight: 1, arbitrary: fc.anything() },
);

function byDto(input: unknown): SendMessageDto | undefined {
  try {
    return validated(SendMessageDto, input);
  } catch {
    return undefined;
  }
}

function byCheck(input: unknown): SendMessageDto | undefined {
  try {
    return checkedSendMessage(input);
  } catch {
    return undefined;
  }
}

describe('the check of send_message by hand', () => {
  it('takes nothing that the DTO refuses, and makes the same of it', () => {
    fc.assert(
      fc.property(payload, (input) => {
        const quick = plainlyValid(input);
        if (quick !== undefined) expect({ ...quick }).toEqual({ ...byDto(input) });
      }),
      { numRuns: 5_000 },
    );
  });

  it('agrees with the DTO on everything, but for naming one place alone', () => {
    fc.assert(
      fc.property(payload, (input) => {
        const dto = byDto(input);
        const namesOnePlace =
          dto !== undefined && (dto.conversationId === undefined) !== (dto.receiverId === undefined);
        expect(byCheck(input) !== undefined).toBe(namesOnePlace);
      }),
      { numRuns: 5_000 },
    );
  });

  it('recognises every ordinary message without the DTO', () => {
    fc.assert(
      fc.property(
        fc.record(
          { conversationId: id, clientId: id, content: fc.string({ minLength: 1, maxLength: 200 }) },
          { noNullPrototype: true },
        ),
        (input) => {
          fc.pre(input.content.trim() !== '' && !input.content.includes('\0'));
          expect(plainlyValid(input)).toMatchObject({ content: input.content, clientId: input.clientId.toLowerCase() });
        },
      ),
    );
  });

  it('looks at one attachment more than a message may have', () => {
    const errors = faultsOf({ conversationId: randomUUID(), attachments: Array.from({ length: 40 }, () => ({})) });
    expect(errors.attachments).toEqual(['attachments must contain no more than 10 elements']);
    const looked = Object.keys(errors).flatMap((field) => /^attachments\.(\d+)\./.exec(field)?.[1] ?? []);
    expect([...new Set(looked)]).toEqual(Array.from({ length: 11 }, (_, index) => String(index)));
  });
});

function faultsOf(input: object): FieldErrors {
  try {
    validated(SendMessageDto, input);
    return {};
  } catch (error) {
    return (error as DomainError).errors ?? {};
  }
}
