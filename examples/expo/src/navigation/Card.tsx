import { type ReactNode, useEffect, useMemo, useRef } from 'react';
import { Animated, PanResponder, Platform, useWindowDimensions } from 'react-native';
import { useColors } from '../design/theme';

/** From where a finger that moves to the right takes the screen with it, as people of iOS expect. */
const EDGE = 28;
const MOVE_MS = 220;

interface Properties {
  isFirst: boolean;
  isTop: boolean;
  /** It was moved out of sight. */
  onGone: () => void;
  children: ReactNode;
}

/** A screen of the stack: it comes from the right, and goes back there. Below others nobody sees, reaches or touches it. */
export function Card({ isFirst, isTop, onGone, children }: Properties) {
  const { paper } = useColors();
  const { width } = useWindowDimensions();
  const moves = !isFirst && Platform.OS !== 'web';
  const x = useRef(new Animated.Value(moves ? width : 0)).current;
  useEffect(() => {
    if (moves) Animated.timing(x, { toValue: 0, duration: MOVE_MS, useNativeDriver: true }).start();
  }, [moves, x]);
  const gone = useRef(onGone);
  gone.current = onGone;
  const { panHandlers } = useMemo(() => {
    const settle = (toValue: number, then?: () => void): void =>
      Animated.timing(x, { toValue, duration: MOVE_MS, useNativeDriver: true }).start(then);
    return PanResponder.create({
      // Where the finger came down: x0 is not known before this screen has the gesture.
      onMoveShouldSetPanResponderCapture: (_, { moveX, dx, dy }) =>
        moves && moveX - dx < EDGE && dx > 8 && Math.abs(dy) < dx,
      onPanResponderMove: (_, { dx }) => x.setValue(Math.max(0, dx)),
      onPanResponderRelease: (_, { dx, vx }) =>
        dx > width / 3 || vx > 0.5 ? settle(width, () => gone.current()) : settle(0),
      onPanResponderTerminate: () => settle(0),
    });
  }, [moves, width, x]);
  return (
    <Animated.View
      {...panHandlers}
      aria-hidden={!isTop}
      importantForAccessibility={isTop ? 'auto' : 'no-hide-descendants'}
      style={{
        position: 'absolute',
        inset: 0,
        backgroundColor: paper,
        pointerEvents: isTop ? 'auto' : 'none',
        transform: [{ translateX: x }],
      }}
    >
      {children}
    </Animated.View>
  );
}
