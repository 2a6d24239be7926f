import { useEffect, useState } from 'preact/hooks';
import { useConnection } from '@parley/client/react';
import { client } from '../session/client.js';
import { suspensionText } from '../texts/error-text.js';
import { t } from '../texts/texts.js';

/** A change of the connection shorter than this is nobody's business. */
const GRACE_MS = 2_500;

/** Whether there is no connection, and has been none for long enough to say so. */
export function useIsAway(): boolean {
  const isAway = useConnection().status !== 'live';
  const [isShown, show] = useState(false);
  useEffect(() => {
    if (!isAway) return show(false);
    const timer = setTimeout(() => show(true), navigator.onLine ? GRACE_MS : 0);
    return () => clearTimeout(timer);
  }, [isAway]);
  return isAway && isShown;
}

/** Says that there is no connection, and nothing while there is one. */
export function ConnectionBar() {
  const { status, until, reason } = useConnection();
  const isAway = useIsAway();
  const isSuspended = status === 'suspended';
  const [, setHasReasons] = useState(false);
  useEffect(() => {
    // The names of the reasons: without them it says the code.
    if (isSuspended)
      import('../texts/more.js').then(
        () => setHasReasons(true),
        () => undefined,
      );
  }, [isSuspended]);
  if (isSuspended)
    return (
      <p class="connection" role="alert" dir="auto">
        {suspensionText({ until, reason })}
      </p>
    );
  return (
    <div role="status">
      {isAway ? (
        <p class="connection">
          <span class="grow">{navigator.onLine ? t('connection.waiting') : t('connection.offline')}</span>
          <button type="button" class="link-button" onClick={() => client.resume()}>
            {t('connection.tryNow')}
          </button>
        </p>
      ) : null}
    </div>
  );
}
