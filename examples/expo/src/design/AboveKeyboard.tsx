import type { ReactNode } from 'react';
import { KeyboardAvoidingView } from 'react-native';

/** A screen that ends where the keyboard begins. Android does not make room by itself, either: the app reaches from edge to edge. */
export function AboveKeyboard({ children }: { children: ReactNode }) {
  return (
    <KeyboardAvoidingView style={{ flex: 1 }} behavior="padding">
      {children}
    </KeyboardAvoidingView>
  );
}
