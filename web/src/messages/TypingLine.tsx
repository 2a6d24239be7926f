import type { Conversation } from '@parley/client';
import { useTyping } from '@parley/client/react';
import { t } from '../texts/texts.js';

export function TypingLine({ conversation }: { conversation: Conversation }) {
  const [userIds] = useTyping(conversation.id);
  const names = userIds.map(
    (id) => conversation.members.find(({ user }) => user.id === id)?.user.displayName ?? t('app.someone'),
  );
  const [name = '', other = ''] = names;
  const text =
    names.length === 0
      ? ''
      : names.length === 1
        ? t('chat.typing', { name })
        : names.length === 2
          ? t('chat.typingTwo', { name, other })
          : t('chat.typingMany');
  return (
    <p class="typing-line" aria-live="polite">
      {text}
    </p>
  );
}
