import { describe, expect, it } from '@jest/globals';
import { LANGUAGES, newMessagesOf, type NotificationTexts, textsOf } from './texts.js';

describe('the texts of notifications', () => {
  it.each([
    ['de', 'de'],
    ['de-AT', 'de'],
    ['pt_BR', 'pt'],
    ['FR-fr', 'fr'],
    ['zh-Hans-CN', 'zh'],
    ['es-419', 'es'],
    ['zh-TW', 'en'],
    ['zh-Hant', 'en'],
    ['xx', 'en'],
    ['constructor', 'en'],
    ['', 'en'],
    [null, 'en'],
  ])('are for %s those of %s', (locale, language) => {
    expect(textsOf(locale).language).toBe(language);
  });

  /** Every text of a language by its name. */
  const textsBelow = (texts: NotificationTexts): [string, string][] =>
    Object.entries(texts).flatMap(([name, text]: [string, string | Record<string, string>]) =>
      typeof text === 'string'
        ? [[name, text]]
        : Object.entries(text).map(([key, one]): [string, string] => [`${name}.${key}`, one]),
    );

  it.each(LANGUAGES)('are whole in %s, and leave a place for what belongs into them', (language) => {
    const texts = textsOf(language);
    const all = textsBelow(texts);
    const names = new Set(all.map(([name]) => name));
    for (const [name] of textsBelow(textsOf('en'))) expect(names).toContain(name);
    for (const [name, text] of all) {
      expect([name, text.trim()]).toEqual([name, text]);
      expect([name, text.length > 0]).toEqual([name, true]);
      if (language !== 'en')
        expect(name !== 'youHaveNewMessage' || text !== textsOf('en').youHaveNewMessage).toBe(true);
    }
    expect(texts.addedYou).toContain('{name}');
    // Two in Arabic have a form of their own, with the number in it.
    for (const [category, text] of Object.entries(texts.newMessages))
      expect([category, category === 'two' || text.includes('{count}')]).toEqual([category, true]);
  });

  it('follow the plural of their language', () => {
    const shown = (language: string): string[] =>
      [2, 5, 21, 100].map((count) => newMessagesOf(textsOf(language), count, count === 100 ? '100+' : String(count)));
    expect(shown('en')).toEqual(['2 new messages', '5 new messages', '21 new messages', '100+ new messages']);
    expect(shown('ru')).toEqual([
      '2 новых сообщения',
      '5 новых сообщений',
      '21 новое сообщение',
      '100+ новых сообщений',
    ]);
    expect(shown('ar')).toEqual(['رسالتان جديدتان', '5 رسائل جديدة', '21 رسالة جديدة', '100+ رسالة جديدة']);
  });
});
