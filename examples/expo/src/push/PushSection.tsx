import { Linking, View } from 'react-native';
import { errorText } from '../chat/words';
import { Button, Words } from '../design/controls';
import { usePush } from './hooks';
import { push } from './push';

const STATES = {
  off: 'This phone does not ring',
  blocked: 'The settings of this phone forbid them',
  pending: 'Allowed. They begin when the server is reached.',
  on: 'This phone rings when somebody writes',
  failed: 'They do not work',
};

export function PushSection() {
  const snapshot = usePush();
  if (snapshot === undefined) return null;
  const { status, error } = snapshot;
  return (
    <View style={{ gap: 4 }}>
      <Words kind="small">Notifications</Words>
      <Words>{STATES[status]}</Words>
      {error === undefined ? null : <Words kind="soft">{errorText(error)}</Words>}
      {status === 'off' ? (
        <Button label="Let it ring" onPress={() => void push?.enable().catch(() => undefined)} />
      ) : status === 'blocked' ? (
        <Button label="Open the settings" onPress={() => void Linking.openSettings().catch(() => undefined)} />
      ) : null}
    </View>
  );
}
