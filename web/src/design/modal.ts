import type { RefObject } from 'preact';
import { useLayoutEffect } from 'preact/hooks';

/**
 * Opens the dialog over everything, and closes it with its component; then the focus is again where it was. The browser
 * gives it back itself only where the dialog is still in the page.
 */
export function useModal(dialog: RefObject<HTMLDialogElement | null>): void {
  useLayoutEffect(() => {
    const before = document.activeElement;
    const element = dialog.current;
    element?.showModal();
    return () => {
      element?.close();
      (before as HTMLElement | null)?.focus?.({ preventScroll: true });
    };
  }, []);
}
