import { createClient } from '@parley/client';
import { ChatProvider, useMessages, useSend } from '@parley/client/react';
import { expoSqliteStorage } from '@parley/client/storage/expo-sqlite';
import * as SQLite from 'expo-sqlite';
import { FlatList, Text, TextInput } from 'react-native';

// This computer, as the phone sees it. Then: await client.login({ username, password })
export const client = createClient({ url: 'http://192.168.1.20:3000', storage: expoSqliteStorage(SQLite) });
export const App = ({ id }: { id: string }) => <ChatProvider client={client}><Chat id={id} /></ChatProvider>;
function Chat({ id }: { id: string }) {
  const send = useSend(id); // returns at once; sent once and in order, whatever happens
  return <>
    <FlatList data={useMessages(id).items} renderItem={({ item }) => <Text>{item.content}</Text>} />
    <TextInput onSubmitEditing={({ nativeEvent }) => nativeEvent.text && send(nativeEvent.text)} />
  </>;
}
