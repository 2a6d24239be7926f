import { invalidField } from '../common/errors.js';
import { UUID_PATTERN } from '../common/identifier.js';

/** The part of a `send_message` that says what it carries. */
export interface Carried {
  attachmentIds: string[];
  attachments: { url: string; kind: string; name?: string; size?: number }[];
}

const OWN_PATH = /^(?:https?:\/\/[^/]+)?\/attachments\/([0-9a-f-]{36})(?:\/|$)/i;

/**
 * A file as older clients name one: an uploaded attachment's id or its address on this server, else an address elsewhere.
 * @throws DomainError VALIDATION_FAILED by `field`
 */
export function carry(
  carried: Carried,
  field: string,
  reference: unknown,
  about: { kind: string; name?: string; size?: number },
): void {
  if (typeof reference !== 'string')
    throw invalidField(field, `${field} must be an http(s) address or an attachment's id`);
  const id = UUID_PATTERN.test(reference) ? reference : OWN_PATH.exec(reference)?.[1];
  if (id !== undefined) carried.attachmentIds.push(id.toLowerCase());
  else carried.attachments.push({ url: reference, ...about });
}
