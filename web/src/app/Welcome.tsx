import { useConversations } from '@parley/client/react';
import { Logo } from '../design/Logo.js';
import { t } from '../texts/texts.js';
import { Lazy } from './Lazy.js';
import { secondPersonHint } from './second-person-hint.js';

/** Beside the list, while no conversation is chosen. */
export function Welcome() {
  const isEmpty = useConversations().length === 0;
  return (
    <main class="pane welcome">
      <div class="empty">
        <Logo size={72} />
        <h1>{t('list.choose')}</h1>
        <p>{t('list.chooseHint')}</p>
      </div>
      {isEmpty ? <Lazy load={secondPersonHint} isOptional /> : null}
    </main>
  );
}
