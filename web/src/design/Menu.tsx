import type { ComponentChildren } from 'preact';
import { useEffect, useLayoutEffect, useRef } from 'preact/hooks';
import { useBack } from './back.js';
import { AnyIcon, type AnyIconName } from './more-icons.js';
import type { Place } from './place.js';

interface Properties {
  label: string;
  at: Place;
  onClose: () => void;
  children: ComponentChildren;
}

const MARGIN = 8;

/** At a point, within the window; arrow keys move in it; Escape, a click elsewhere and going back close it. The focus goes back. */
export function Menu({ label, at, onClose, children }: Properties) {
  const menu = useRef<HTMLDivElement>(null);
  const opener = useRef<HTMLElement | null>(null);
  const giveFocusBack = (): void => opener.current?.focus({ preventScroll: true });
  useBack(onClose);
  useLayoutEffect(() => {
    const element = menu.current;
    if (element === null) return;
    opener.current = document.activeElement as HTMLElement | null;
    element.showPopover();
    const { width, height } = element.getBoundingClientRect();
    element.style.left = `${Math.max(MARGIN, Math.min(at.x, innerWidth - width - MARGIN))}px`;
    element.style.top = `${Math.max(MARGIN, at.y + height + MARGIN > innerHeight ? at.y - height : at.y)}px`;
    element.querySelector('button')?.focus();
    return () => {
      if (element.contains(document.activeElement) || document.activeElement === document.body) giveFocusBack();
    };
  }, []);
  useEffect(() => {
    const elsewhere = (event: Event): void => {
      if (!menu.current?.contains(event.target as Node)) onClose();
    };
    const width = innerWidth;
    // A keyboard on the screen goes when the menu takes the focus: the window gets higher, and nothing moves.
    const resized = (): void => {
      if (innerWidth !== width) onClose();
    };
    addEventListener('pointerdown', elsewhere, true);
    addEventListener('resize', resized);
    return () => {
      removeEventListener('pointerdown', elsewhere, true);
      removeEventListener('resize', resized);
    };
  }, [onClose]);
  const move = (event: KeyboardEvent): void => {
    if (event.key === 'Escape' || event.key === 'Tab') {
      event.preventDefault();
      event.stopPropagation();
      return onClose();
    }
    const steps: Record<string, number> = { ArrowDown: 1, ArrowRight: 1, ArrowUp: -1, ArrowLeft: -1 };
    const step = steps[event.key];
    const items = [...(menu.current?.querySelectorAll('button') ?? [])];
    if (step === undefined || items.length === 0) return;
    event.preventDefault();
    event.stopPropagation();
    const index = items.indexOf(document.activeElement as HTMLButtonElement);
    items[(index + step + items.length) % items.length]?.focus();
  };
  return (
    <div
      ref={menu}
      popover="manual"
      class="menu"
      role="menu"
      aria-label={label}
      onKeyDown={move}
      // Before anything is chosen: a dialog that it opens gives the focus back to where it was then.
      onClickCapture={giveFocusBack}
      onClick={onClose}
    >
      {children}
    </div>
  );
}

interface Item {
  icon: AnyIconName;
  text: string;
  isDangerous?: boolean;
  onChoose: () => void;
}

export function MenuItem({ icon, text, isDangerous = false, onChoose }: Item) {
  return (
    <button type="button" role="menuitem" class={isDangerous ? 'danger' : undefined} onClick={onChoose}>
      <AnyIcon name={icon} size={18} />
      {text}
    </button>
  );
}
