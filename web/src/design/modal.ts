import type { RefObject } from 'preact';
import { useLayoutEffect } from 'preact/hooks';

/**
 * Opens the dialog over everything, and closes it with its component; then the focus is again where it was. The browser
 * gives it back itself only where the dialog is still in the page.
 */
export function useModal(dialog: RefObject<HTMLDialogElement | null>): void {
  useLayoutEffect(() => {
    const before = document.activeElement as HTMLElement | null;
    const element = dialog.current;
    element?.showModal();
    return () => {
      element?.close();
      // Chromium gives a field the focus at the dialog's end and takes no text in it, until the focus comes again.
      before?.blur?.();
      before?.focus?.({ preventScroll: true });
    };
  }, []);
}
