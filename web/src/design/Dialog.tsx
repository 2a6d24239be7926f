import type { ComponentChildren } from 'preact';
import { useId, useRef } from 'preact/hooks';
import { useBack } from './back.js';
import '../texts/more.js';
import { t } from '../texts/texts.js';
import { isOfInputMethod } from './input-method.js';
import { AnyIcon } from './more-icons.js';
import { useModal } from './modal.js';
import { Toasts } from './toasts.js';

interface Properties {
  title: string;
  onClose: () => void;
  children: ComponentChildren;
  class?: string;
  /** What is in it, such as a secret, is not shown again: only a button or Escape closes it, and not going back. */
  isShownOnce?: boolean;
}

/** In a search field the browser would empty the field first. */
export function closeByEscape(event: KeyboardEvent, onClose: () => void): void {
  if (event.key !== 'Escape' || isOfInputMethod(event)) return;
  event.preventDefault();
  onClose();
}

/** The browser's own modal dialog: it keeps the focus, gives it back, and closes by Escape and by a click beside it. */
export function Dialog({ title, onClose, children, class: name, isShownOnce = false }: Properties) {
  const dialog = useRef<HTMLDialogElement>(null);
  const isPressedBeside = useRef(false);
  const heading = useId();
  useModal(dialog);
  useBack(() => {
    if (!isShownOnce) onClose();
  });
  return (
    <dialog
      ref={dialog}
      class={name}
      aria-labelledby={heading}
      onCancel={(event) => {
        // It bubbles: a file chooser within has its own.
        if (event.target !== dialog.current) return;
        event.preventDefault();
        onClose();
      }}
      onPointerDown={({ target }) => {
        isPressedBeside.current = target === dialog.current;
      }}
      onClick={({ target, detail }) => {
        // Neither where a selection of text ends beside it, nor by the second half of the double click that opened it.
        if (target === dialog.current && isPressedBeside.current && detail < 2 && !isShownOnce) onClose();
      }}
    >
      <div class="dialog-head">
        <h2 id={heading} class="grow cut">
          {title}
        </h2>
        <button type="button" class="icon-button" aria-label={t('app.close')} title={t('app.close')} onClick={onClose}>
          <AnyIcon name="close" />
        </button>
      </div>
      <div class="dialog-body">{children}</div>
      <Toasts />
    </dialog>
  );
}
