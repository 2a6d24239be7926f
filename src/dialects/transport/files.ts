import { MAX_ATTACHMENTS } from '../../realtime/protocol/client-events.dto.js';
import { invalidField } from '../../common/errors.js';
import { UUID_PATTERN } from '../../common/identifier.js';

/** The part of a `send_message` that says what it carries. */
export interface Carried {
  attachmentIds: string[];
  attachments: { url: string; kind: string; name?: string; size?: number }[];
}

const OWN_PATH = /^\/attachments\/([0-9a-f-]{36})(?:\/|$)/i;

/** The sender's uploads that no message uses yet, by the whole URLs that name them: `ChatQueries.unusedUploads`. */
type UnusedUploads = (urls: readonly string[]) => Promise<ReadonlyMap<string, string>>;

/**
 * Files as older clients name them: an uploaded attachment's id, the path it was given or that as a whole URL, else a URL
 * elsewhere. A whole URL of what another message uses, or of another user's, stays a URL: so its client forwards a file.
 * @throws DomainError VALIDATION_FAILED by `field`
 */
export async function carry(
  unusedUploads: UnusedUploads,
  field: string,
  references: readonly unknown[],
  about: { kind: string; name?: string; size?: number },
): Promise<Carried> {
  const named = references.map((reference) => {
    if (typeof reference === 'string') return { reference, id: idIn(reference) };
    throw invalidField(field, `${field} must be an http(s) URL or an attachment's id`);
  });
  const urls = named.flatMap(({ reference, id }) => (id === undefined ? [reference] : []));
  const unused = urls.length === 0 ? undefined : await unusedUploads(urls);
  const carried: Carried = { attachmentIds: [], attachments: [] };
  for (const { reference, id = unused?.get(reference) } of named) {
    if (id !== undefined) carried.attachmentIds.push(id.toLowerCase());
    else carried.attachments.push({ url: reference, ...about });
  }
  return carried;
}

function idIn(reference: string): string | undefined {
  return UUID_PATTERN.test(reference) ? reference : OWN_PATH.exec(reference)?.[1];
}

/** A list of them. @throws DomainError VALIDATION_FAILED by `field` also for what is no list, and for too many */
export async function carryAll(
  unusedUploads: UnusedUploads,
  field: string,
  references: unknown,
  about: { kind: string },
): Promise<Carried> {
  if (references === undefined || references === null) return { attachmentIds: [], attachments: [] };
  if (!Array.isArray(references)) throw invalidField(field, `${field} must be a list`);
  if (references.length > MAX_ATTACHMENTS)
    throw invalidField(field, `${field} must contain no more than ${MAX_ATTACHMENTS} elements`);
  return carry(unusedUploads, field, references, about);
}
