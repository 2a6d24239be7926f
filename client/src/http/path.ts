import { ChatError } from '../protocol/errors.js';

/**
 * A path with ids in it. An id may come from a link that somebody else has made: what is more than one segment, or another one
 * than it seems, is none.
 * @throws ChatError VALIDATION_FAILED
 */
export function path(parts: TemplateStringsArray, ...ids: readonly string[]): string {
  for (const id of ids)
    if (typeof id !== 'string' || !/^[\w-]+$/.test(id)) throw new ChatError('VALIDATION_FAILED', 'That is no id.');
  return String.raw({ raw: parts }, ...ids);
}
