import { useConnection, useConversations, useFriendRequests } from '@parley/client/react';
import { FlatList, View } from 'react-native';
import { useSafeAreaInsets } from 'react-native-safe-area-context';
import { client } from '../chat/client';
import { Bar } from '../design/Bar';
import { ConnectionBanner } from '../design/ConnectionBanner';
import { Badge, Button, Empty, IconButton } from '../design/controls';
import { useNavigation } from '../navigation/context';
import { PushHint } from '../push/PushHint';
import { ConversationRow } from './ConversationRow';

export function ConversationsScreen() {
  const { go } = useNavigation();
  // What is unread in one that was put away is counted as well.
  const conversations = useConversations().filter(({ me }) => me.archivedAt === null || me.unreadCount > 0);
  const asked = useFriendRequests().filter(({ receiverId }) => receiverId === client.userId).length;
  const { bottom } = useSafeAreaInsets();
  return (
    <View style={{ flex: 1 }}>
      <Bar title="Conversations" hasBack={false}>
        <View>
          <IconButton
            icon="people-outline"
            label={asked === 0 ? 'Friends' : `Friends, ${asked} waiting`}
            onPress={() => go({ name: 'friends' })}
          />
          {asked === 0 ? null : <Badge count={asked} style={{ position: 'absolute', right: 0, top: 0 }} />}
        </View>
        <IconButton icon="settings-outline" label="Settings" onPress={() => go({ name: 'settings' })} />
      </Bar>
      {conversations.length === 0 ? null : <ConnectionBanner />}
      <FlatList
        role="list"
        aria-label="Conversations"
        data={conversations}
        keyExtractor={({ id }) => id}
        renderItem={({ item }) => (
          <ConversationRow conversation={item} onPress={() => go({ name: 'chat', conversationId: item.id })} />
        )}
        ListHeaderComponent={PushHint}
        ListEmptyComponent={<NoConversations onFind={() => go({ name: 'friends' })} />}
        contentContainerStyle={{ paddingBottom: bottom }}
      />
    </View>
  );
}

/** There is nothing, or the server was not asked yet. */
function NoConversations({ onFind }: { onFind: () => void }) {
  const { status } = useConnection();
  if (status === 'live')
    return (
      <Empty title="Nobody here yet" action={<Button kind="primary" label="Find people" onPress={onFind} />}>
        Find somebody by name, and write to them.
      </Empty>
    );
  if (status === 'waiting' || status === 'offline')
    return (
      <Empty title="The server is not reached" action={<Button label="Try now" onPress={() => client.resume()} />}>
        It is tried again by itself, and at once when the network is back.
      </Empty>
    );
  if (status === 'suspended') return <ConnectionBanner />;
  return <Empty title="Connecting …" />;
}
