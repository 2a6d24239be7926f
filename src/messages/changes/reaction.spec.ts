import { describe, expect, it } from '@jest/globals';
import { normalReaction } from './reaction.js';

describe('a reaction', () => {
  it.each([
    ['a heart', '❤️', ['❤', '❤\ufe0f', '❤\ufe0e']],
    ['a thumb', '👍', ['👍', '👍\ufe0f']],
    ['a toned thumb', '👍🏽', ['👍🏽', '👍🏽\ufe0f', '👍\ufe0f🏽']],
    ['a toned hand that is text by default', '☝🏿', ['☝🏿', '☝\ufe0f🏿', '☝🏿\ufe0f']],
    ['a rainbow flag', '🏳\ufe0f\u200d🌈', ['🏳\u200d🌈', '🏳\ufe0f\u200d🌈']],
    ['a transgender flag', '🏳\ufe0f\u200d⚧\ufe0f', ['🏳\u200d⚧', '🏳\ufe0f\u200d⚧', '🏳\u200d⚧\ufe0f']],
    ['a pirate flag', '🏴\u200d☠\ufe0f', ['🏴\u200d☠', '🏴\u200d☠\ufe0f']],
    ['a burning heart', '❤\ufe0f\u200d🔥', ['❤\u200d🔥', '❤\ufe0f\u200d🔥']],
    ['an eye in a bubble', '👁\ufe0f\u200d🗨\ufe0f', ['👁\u200d🗨', '👁\ufe0f\u200d🗨', '👁\ufe0f\u200d🗨\ufe0f']],
    ['a toned detective', '🕵🏽\u200d♂\ufe0f', ['🕵🏽\u200d♂', '🕵🏽\u200d♂\ufe0f', '🕵🏽\ufe0f\u200d♂\ufe0f']],
    ['a keycap', '1\ufe0f\u20e3', ['1\u20e3', '1\ufe0f\u20e3']],
    ['a family', '👨\u200d👩\u200d👧', ['👨\u200d👩\u200d👧']],
    ['a flag of a country', '🇩🇪', ['🇩🇪', '🇩🇪\ufe0f']],
    [
      'a flag of a region',
      '🏴\u{e0067}\u{e0062}\u{e0073}\u{e0063}\u{e0074}\u{e007f}',
      ['🏴\u{e0067}\u{e0062}\u{e0073}\u{e0063}\u{e0074}\u{e007f}'],
    ],
    ['an emoji that is not in the tables yet', '\u{1faff}', ['\u{1faff}']],
    ['a name', '+1', ['+1']],
    ['a number as a name', '100', ['100']],
  ])('%s has one spelling', (_, normal, spellings) => {
    expect(spellings.map(normalReaction)).toEqual(spellings.map(() => normal));
    expect(normalReaction(normal)).toBe(normal);
  });

  it.each([
    '',
    ' ',
    '❤❤',
    '❤️👍',
    'Like',
    'a b',
    '\ufe0f',
    '\u200d',
    '1\ufe0f',
    '🇩',
    '👍a',
    'x'.repeat(33),
    '\u200b👍',
    null,
    1,
    {},
  ])('is not %j', (value) => {
    expect(normalReaction(value)).toBeUndefined();
  });

  it('has a spelling for every emoji that Unicode recommends, with and without its selectors', () => {
    const isEmoji = new RegExp('^\\p{RGI_Emoji}$', 'v');
    let count = 0;
    for (let code = 0x80; code <= 0x1ffff; code += 1) {
      const character = String.fromCodePoint(code);
      // The quick question first: none without it is recommended.
      if (!/\p{Emoji}/u.test(character)) continue;
      const emoji = [character, `${character}\ufe0f`].find((spelling) => isEmoji.test(spelling));
      if (emoji === undefined) continue;
      count += 1;
      expect([normalReaction(character), normalReaction(`${character}\ufe0f`)]).toEqual([emoji, emoji]);
    }
    expect(count).toBeGreaterThan(1_300);
  });
});
