import { BackHandler } from 'react-native';

/** Phones keep no history beside the stack of screens. */
export function pushed(): void {}

export function goBack(pop: () => boolean): void {
  pop();
}

/** Android's key and gesture: false leaves the app. */
export function onSystemBack(pop: () => boolean): () => void {
  const subscription = BackHandler.addEventListener('hardwareBackPress', pop);
  return () => subscription.remove();
}
