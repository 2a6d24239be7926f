import type { MessageItem } from '@parley/client';
import { Icon } from '../design/Icon.js';
import { client } from '../session/client.js';
import { reasonText } from '../texts/error-text.js';
import { t } from '../texts/texts.js';

/** The same message is refused again, however often it is sent. */
const PERMANENT: readonly string[] = ['CANNOT_MESSAGE', 'FORBIDDEN', 'NOT_FOUND'];

/** The server refuses a message as it is: why, and what one can do. */
export function Rejection({ item }: { item: MessageItem }) {
  const { clientId, error } = item;
  if (clientId === null) return null;
  const [detail] = Object.values(error?.errors ?? {}).flat();
  const reason = error === undefined ? '' : reasonText(error.code, error.message, detail);
  return (
    <p class="rejection" role="alert">
      <Icon name="warning" size={16} />
      <span class="grow">{t('message.rejected', { reason })}</span>
      {error !== undefined && PERMANENT.includes(error.code) ? null : (
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
