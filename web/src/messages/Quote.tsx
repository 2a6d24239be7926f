import type { ReplyPreview } from '@parley/client';
import { useUser } from '@parley/client/react';
import { t } from '../texts/texts.js';

export function Quote({ reply, onJump }: { reply: ReplyPreview; onJump: (seq: number) => void }) {
  const sender = useUser(reply.senderId ?? '');
  if (reply.unavailable === true) return <p class="quote">{t('message.unavailable')}</p>;
  const name = sender?.displayName ?? t('app.someone');
  const text = quoteText(reply);
  return (
    <button
      type="button"
      class="quote"
      aria-label={t('message.quoted', { name, text })}
      onClick={() => onJump(reply.seq)}
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

export function quoteText({ content, deletedAt, kind }: Pick<ReplyPreview, 'content' | 'deletedAt' | 'kind'>): string {
  if (deletedAt !== null) return t('message.deleted');
  return content === null || content === '' ? t(`kind.${kind ?? 'TEXT'}`) : content;
}
