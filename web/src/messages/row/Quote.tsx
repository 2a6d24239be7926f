import type { QuotedMessage } from '@parley/client';
import { useUser } from '@parley/client/react';
import { t } from '../../texts/texts.js';

export function Quote({ reply, onJump }: { reply: QuotedMessage; onJump: (seq: number) => void }) {
  const sender = useUser(reply.senderId ?? '');
  if (reply.unavailable === true) return <p class="quote">{t('message.unavailable')}</p>;
  const name = sender?.displayName ?? t('app.someone');
  const text = quoteText(reply);
  const { seq } = reply;
  return (
    <button
      type="button"
      class="quote"
      aria-label={t('message.quoted', { name, text })}
      // One that is not sent stands right above.
      onClick={() => seq !== null && onJump(seq)}
    >
      <strong class="cut" dir="auto">
        {name}
      </strong>
      <span class="cut" dir="auto">
        {text}
      </span>
    </button>
  );
}

export function quoteText({ content, deletedAt, kind }: Pick<QuotedMessage, 'content' | 'deletedAt' | 'kind'>): string {
  if (deletedAt !== null) return t('message.deleted');
  return content === null || content === '' ? t(`kind.${kind ?? 'TEXT'}`) : content;
}
