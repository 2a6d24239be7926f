import { useState } from 'preact/hooks';
import { closeByEscape, Dialog } from '../../design/Dialog.js';
import { isOfInputMethod } from '../../design/input-method.js';
import { t } from '../../texts/texts.js';
import '../../texts/more.js';
import { EMOJI } from './emoji.js';
import { keepRecentEmoji, recentEmoji } from './recent-emoji.js';

interface Properties {
  onChoose: (emoji: string) => void;
  onClose: () => void;
}

export default function EmojiPicker({ onChoose, onClose }: Properties) {
  const [search, setSearch] = useState('');
  const words = search.trim().toLowerCase();
  const recent = recentEmoji();
  const groups = EMOJI.map(
    ([group, text]) => [group, parsed(text).filter(({ names }) => names.includes(words))] as const,
  ).filter(([, items]) => items.length > 0);
  const choose = (emoji: string): void => {
    keepRecentEmoji(emoji);
    onClose();
    onChoose(emoji);
  };
  const button = (emoji: string, names: string) => (
    <button type="button" key={emoji} class="emoji" title={names} aria-label={names} onClick={() => choose(emoji)}>
      {emoji}
    </button>
  );
  return (
    <Dialog title={t('picker.title')} onClose={onClose} class="picker">
      <input
        class="input"
        type="search"
        autofocus
        placeholder={t('picker.search')}
        aria-label={t('picker.search')}
        value={search}
        onInput={({ currentTarget }) => setSearch(currentTarget.value)}
        onKeyDown={(event) => {
          const [first] = groups[0]?.[1] ?? [];
          if (event.key === 'Enter' && !isOfInputMethod(event)) {
            // It is pressed on the button that has the focus next else, which opens the picker again.
            event.preventDefault();
            if (words !== '' && first !== undefined) choose(first.emoji);
          }
          closeByEscape(event, onClose);
        }}
      />
      {words === '' && recent.length > 0 ? (
        <section>
          <h3 class="soft small">{t('picker.recent')}</h3>
          <div class="emoji-grid">{recent.map((emoji) => button(emoji, emoji))}</div>
        </section>
      ) : null}
      {groups.map(([group, items]) => (
        <section key={group}>
          <h3 class="soft small">{group}</h3>
          <div class="emoji-grid">{items.map(({ emoji, names }) => button(emoji, names))}</div>
        </section>
      ))}
      {groups.length === 0 ? <p class="soft">{t('picker.none')}</p> : null}
    </Dialog>
  );
}

function parsed(text: string): { emoji: string; names: string }[] {
  return text.split(',').map((entry) => {
    const [emoji = '', ...names] = entry.trim().split(' ');
    return { emoji, names: names.join(' ') };
  });
}
