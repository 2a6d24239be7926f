import { MAX_ATTACHMENTS } from '../../realtime/protocol/client-events.dto.js';
import { invalidField } from '../../common/errors.js';
import { UUID_PATTERN } from '../../common/identifier.js';

/** The part of a `send_message` that says what it carries. */
export interface Carried {
  attachmentIds: string[];
  attachments: { url: string; kind: string; name?: string; size?: number }[];
}

const OWN_PATH = /^\/attachments\/([0-9a-f-]{36})(?:\/|$)/i;

/** The upload that a whole URL names, where this server gave it: `ChatQueries.attachmentOf`. */
interface OwnUrls {
  attachmentOf(url: string): string | undefined;
}

/**
 * A file as older clients name one: an uploaded attachment's id, the path it was given or that as a whole URL, else a URL
 * elsewhere.
 * @throws DomainError VALIDATION_FAILED by `field`
 */
export function carry(
  urls: OwnUrls,
  carried: Carried,
  field: string,
  reference: unknown,
  about: { kind: string; name?: string; size?: number },
): void {
  if (typeof reference !== 'string') throw invalidField(field, `${field} must be an http(s) URL or an attachment's id`);
  const id = UUID_PATTERN.test(reference) ? reference : (OWN_PATH.exec(reference)?.[1] ?? urls.attachmentOf(reference));
  if (id !== undefined) carried.attachmentIds.push(id.toLowerCase());
  else carried.attachments.push({ url: reference, ...about });
}

/** Several at once. @throws DomainError VALIDATION_FAILED by `field` also for what is no list, and for too many */
export function carryAll(urls: OwnUrls, field: string, references: unknown, about: { kind: string }): Carried {
  const carried: Carried = { attachmentIds: [], attachments: [] };
  if (references === undefined || references === null) return carried;
  if (!Array.isArray(references)) throw invalidField(field, `${field} must be a list`);
  if (references.length > MAX_ATTACHMENTS)
    throw invalidField(field, `${field} must contain no more than ${MAX_ATTACHMENTS} elements`);
  for (const reference of references) carry(urls, carried, field, reference, about);
  return carried;
}
