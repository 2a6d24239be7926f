import { useConversations } from '@parley/client/react';
import * as SecureStore from 'expo-secure-store';
import { useEffect, useState } from 'react';
import { View } from 'react-native';
import { client } from '../chat/client';
import { Button, Words } from '../design/controls';
import { SPACE, useColors } from '../design/theme';
import { usePush } from './hooks';
import { push } from './push';

const ANSWERED = 'parley.push-hint';

/** Offers notifications once somebody has written, which is when one would miss something; and only once. */
export function PushHint() {
  const { accentSoft } = useColors();
  const status = usePush()?.status;
  const hasMail = useConversations().some(
    ({ lastMessageBy }) => lastMessageBy !== null && lastMessageBy !== client.userId,
  );
  const [isAnswered, setAnswered] = useState(true);
  const isOff = status === 'off';
  useEffect(() => {
    if (isOff)
      SecureStore.getItemAsync(ANSWERED).then(
        (answer) => setAnswered(answer !== null),
        () => undefined,
      );
  }, [isOff]);
  if (!isOff || !hasMail || isAnswered) return null;
  const answer = (): void => {
    setAnswered(true);
    SecureStore.setItemAsync(ANSWERED, '1').catch(() => undefined);
  };
  return (
    <View style={{ padding: SPACE.l, gap: SPACE.m, backgroundColor: accentSoft }}>
      <Words>Shall this phone ring when somebody writes to you?</Words>
      <View style={{ flexDirection: 'row', gap: SPACE.m }}>
        <Button
          kind="primary"
          label="Yes"
          onPress={() => {
            answer();
            push?.enable().catch(() => undefined);
          }}
        />
        <Button label="Not now" onPress={answer} />
      </View>
    </View>
  );
}
