import type { OutboxItem } from '@parley/client';
import { Icon } from '../../design/Icon.js';
import { client } from '../../session/client.js';
import { reasonText } from '../../texts/error-text.js';
import { t } from '../../texts/texts.js';
import '../../texts/more.js';

/** The same is refused again, however often it is sent. */
const PERMANENT: readonly string[] = ['CANNOT_MESSAGE', 'FORBIDDEN', 'NOT_FOUND', 'EDIT_WINDOW_CLOSED'];

interface Properties {
  text: 'message.rejected' | 'message.refused';
  /** What is refused, in the outbox. */
  clientId: string;
  error: OutboxItem['lastError'] | undefined;
  /** Something before the server may have refused these, and let them through the next time. */
  hasFiles?: boolean;
}

/** Why, and what one can do. */
export default function Rejection({ text, clientId, error, hasFiles = false }: Properties) {
  const [detail] = Object.values(error?.errors ?? {}).flat();
  const reason = error === undefined ? '' : reasonText(error.code, error.message, detail);
  return (
    <p class="rejection" role="alert">
      <Icon name="warning" size={16} />
      <span class="grow">{t(text, { reason })}</span>
      {error !== undefined && PERMANENT.includes(error.code) && !hasFiles ? null : (
        <button type="button" class="link-button" onClick={() => client.outbox.retry(clientId)}>
          {t('message.retry')}
        </button>
      )}
      <button type="button" class="link-button" onClick={() => void client.outbox.drop(clientId)}>
        {t('message.discard')}
      </button>
    </p>
  );
}
