import { useLayoutEffect, useRef } from 'preact/hooks';
import { Icon } from '../design/Icon.js';
import { t } from '../texts/texts.js';
import { goToList } from './router.js';

/** The head of a place in the page. It takes the focus, so that a screen reader announces its name. */
export function PaneHead({ title }: { title: string }) {
  const heading = useRef<HTMLHeadingElement>(null);
  // Before it is seen: later it would take it from who has gone on already.
  useLayoutEffect(() => heading.current?.focus(), []);
  return (
    <header class="pane-head">
      <button type="button" class="icon-button only-narrow" aria-label={t('app.back')} onClick={goToList}>
        <Icon name="back" />
      </button>
      <h1 ref={heading} tabIndex={-1} class="grow cut pane-title">
        {title}
      </h1>
    </header>
  );
}
