/** Different reactions on one message at the most. */
export const MAX_REACTIONS = 30;
const MAX_REACTION_LENGTH = 64;

// Built from text: TypeScript only takes the `v` flag in literals for newer targets than Node 20 calls for.
const RGI_EMOJI = new RegExp('^\\p{RGI_Emoji}$', 'v');
/** An emoji that is younger than this runtime's tables; those of several characters cannot be distinguished from nonsense. */
const YOUNGER_EMOJI = /^\p{Extended_Pictographic}$/u;
const NAME = /^[a-z0-9_+-]{1,32}$/;

const PRESENTATION = /[\ufe0e\ufe0f]/g;
/** What is shown as text unless a selector follows, or a skin tone. */
const TEXT_BY_DEFAULT = /(?!\p{Emoji_Presentation})\p{Emoji}(?!\p{Emoji_Modifier})/gu;

/**
 * A reaction in the one spelling that it is stored and counted by; undefined where it is none. It may be one emoji, or a
 * short name (`like`, `+1`) that the client draws itself.
 *
 * Keyboards differ in where they put presentation selectors; people see the same emoji. So selectors are put where
 * Unicode wants them ("fully qualified"), wherever they were.
 */
export function normalReaction(value: unknown): string | undefined {
  if (typeof value !== 'string' || value.length > MAX_REACTION_LENGTH) return undefined;
  if (NAME.test(value)) return value;
  const emoji = value.replace(PRESENTATION, '').replace(TEXT_BY_DEFAULT, '$&\ufe0f');
  if (RGI_EMOJI.test(emoji)) return emoji;
  return YOUNGER_EMOJI.test(value) ? value : undefined;
}
