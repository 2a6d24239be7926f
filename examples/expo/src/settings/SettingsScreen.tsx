import { useConnection, useMe, useOutbox } from '@parley/client/react';
import { useState } from 'react';
import { ScrollView, View } from 'react-native';
import { client } from '../chat/client';
import { serverUrl } from '../chat/server';
import { errorText } from '../chat/words';
import { Avatar } from '../design/Avatar';
import { Bar } from '../design/Bar';
import { Button, Notice, Words } from '../design/controls';
import { SPACE } from '../design/theme';
import { removePickedPictures } from '../messages/pictures';
import { useNavigation } from '../navigation/context';
import { PushSection } from '../push/PushSection';

export function SettingsScreen() {
  const me = useMe();
  const { status } = useConnection();
  return (
    <View style={{ flex: 1 }}>
      <Bar title="Settings" />
      <ScrollView contentContainerStyle={{ padding: SPACE.l, gap: SPACE.xl }}>
        {me === undefined ? null : (
          <View style={{ flexDirection: 'row', alignItems: 'center', gap: SPACE.l }}>
            <Avatar id={me.id} name={me.displayName} url={me.avatarUrl} size={64} />
            <View style={{ flex: 1 }}>
              <Words kind="title">{me.displayName}</Words>
              <Words kind="soft">@{me.username}</Words>
            </View>
          </View>
        )}
        <PushSection />
        <View style={{ gap: 4 }}>
          <Words kind="small">Server</Words>
          <Words>{serverUrl}</Words>
          <Words kind="soft">{status === 'live' ? 'Connected' : 'Not reached now. It is tried again by itself.'}</Words>
        </View>
        <View style={{ gap: 4 }}>
          <Words kind="small">Appearance</Words>
          <Words>Light or dark, as this device is set</Words>
        </View>
        <LogOut />
      </ScrollView>
    </View>
  );
}

function LogOut() {
  const { reset } = useNavigation();
  const unsent = useOutbox().filter(({ command }) => command.type === 'send').length;
  const [isAsking, ask] = useState(false);
  const [error, setError] = useState<unknown>();
  const logOut = async (): Promise<void> => {
    await client.logout().catch(setError);
    if (client.userId !== undefined) return;
    // Nobody is logged in any more, also where this device could not remove everything.
    reset();
    removePickedPictures();
  };
  if (!isAsking) return <Button kind="danger" label="Log out" onPress={() => ask(true)} />;
  return (
    <View style={{ gap: SPACE.m }}>
      <Notice kind={unsent === 0 ? 'plain' : 'danger'}>
        {unsent === 0
          ? 'Your conversations are removed from this device. On the server they stay.'
          : `${unsent === 1 ? 'One message was' : `${unsent} messages were`} not sent yet, and would be lost.`}
      </Notice>
      {error === undefined ? null : <Notice kind="danger">{errorText(error)}</Notice>}
      <Button kind="danger" label="Log out now" onPress={() => void logOut().catch(() => undefined)} />
      <Button label="Stay" onPress={() => ask(false)} />
    </View>
  );
}
