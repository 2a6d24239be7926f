/** Different reactions on one message at the most. */
export const MOST_REACTIONS = 30;
const LONGEST_REACTION = 64;

// Built from text: TypeScript only takes the `v` flag in literals for newer targets than Node 20 calls for.
const EMOJI = new RegExp('^(?:\\p{RGI_Emoji}|\\p{Extended_Pictographic})$', 'v');
const NAME = /^[a-z0-9_+-]{1,32}$/;

/** Whether something may be reacted with: one emoji, or a short name (`like`, `+1`) that the client draws itself. */
export function isReaction(value: unknown): value is string {
  return typeof value === 'string' && value.length <= LONGEST_REACTION && (EMOJI.test(value) || NAME.test(value));
}
