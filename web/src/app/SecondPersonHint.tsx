import { useMe } from '@parley/client/react';
import { Icon } from '../design/Icon.js';
import { invitationLink, secondPersonLink } from '../session/public-links.js';
import { t } from '../texts/texts.js';
import '../texts/more.js';
import { copy } from './copy.js';

/** So that one person alone can try a chat. */
export default function SecondPersonHint() {
  const me = useMe();
  if (me === undefined) return null;
  const second = secondPersonLink(me.username);
  return (
    <aside class="hint stack" aria-labelledby="hint-title">
      <h2 id="hint-title">{t('hint.title')}</h2>
      <p class="soft">{second === undefined ? t('hint.private') : t('hint.second')}</p>
      <div class="row wrap">
        {second === undefined ? null : (
          <a class="button primary" href={second} target="_blank" rel="noopener">
            {t('hint.open')}
          </a>
        )}
        <CopyLink username={me.username} />
      </div>
    </aside>
  );
}

export function CopyLink({ username }: { username: string }) {
  return (
    <button type="button" class="button" onClick={() => void copy(invitationLink(username))}>
      <Icon name="link" size={18} />
      {t('hint.copy')}
    </button>
  );
}
