import type { MessageItem } from '@parley/client';
import { Lazy } from '../app/Lazy.js';

const rejection = () => import('./row/Rejection.js');

/** The server refuses a message as it is, or what was done with it; or this device cannot keep it, before which it is not sent. */
export function Rejections({
  item: { attachments, clientId, error, refusedChanges = [], state },
}: {
  item: MessageItem;
}) {
  return (
    <>
      {clientId !== null && (state === 'rejected' || error?.code === 'STORAGE') ? (
        <Lazy
          load={rejection}
          text="message.rejected"
          clientId={clientId}
          error={error}
          hasFiles={attachments.length > 0}
          isOptional
        />
      ) : null}
      {refusedChanges.map((change) => (
        <Lazy
          key={change.clientId}
          load={rejection}
          text="message.refused"
          clientId={change.clientId}
          error={change.lastError}
          isOptional
        />
      ))}
    </>
  );
}
