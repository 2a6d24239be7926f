import { useEffect, useRef } from 'preact/hooks';
import type { Place } from '../../design/place.js';

const LONG_PRESS_MS = 450;
/** A finger that moves farther scrolls. */
const MAX_MOVE_PX = 10;

interface Handlers {
  onPointerDown: (event: PointerEvent) => void;
  onPointerMove: (event: PointerEvent) => void;
  onPointerUp: () => void;
  onPointerCancel: () => void;
  onTouchEnd: (event: TouchEvent) => void;
}

/** A finger that stays is what the other button of a mouse is. Not every browser says so itself. */
export function useLongPress(onPress: (at: Place) => void): Handlers {
  const press = useRef<{ x: number; y: number; timer: ReturnType<typeof setTimeout> } | undefined>(undefined);
  const isPressed = useRef(false);
  const end = (): void => {
    clearTimeout(press.current?.timer);
    press.current = undefined;
  };
  useEffect(() => end, []);
  return {
    onPointerDown: ({ pointerType, clientX: x, clientY: y, isPrimary }) => {
      end();
      isPressed.current = false;
      if (pointerType !== 'touch' || !isPrimary) return;
      const timer = setTimeout(() => {
        isPressed.current = true;
        onPress({ x, y });
      }, LONG_PRESS_MS);
      press.current = { x, y, timer };
    },
    onPointerMove: ({ clientX, clientY }) => {
      if (press.current === undefined) return;
      if (Math.hypot(clientX - press.current.x, clientY - press.current.y) > MAX_MOVE_PX) end();
    },
    onPointerUp: end,
    onPointerCancel: end,
    // Lifted from what has opened beneath it, the finger has chosen nothing there.
    onTouchEnd: (event) => {
      if (isPressed.current && event.cancelable) event.preventDefault();
    },
  };
}
