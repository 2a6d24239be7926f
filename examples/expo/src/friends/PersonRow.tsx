import type { FriendRequest, User } from '@parley/client';
import { usePresence, useUser } from '@parley/client/react';
import type { ReactNode } from 'react';
import { View } from 'react-native';
import { client } from '../chat/client';
import { Avatar } from '../design/Avatar';
import { Button, IconButton, Words } from '../design/controls';
import { SPACE } from '../design/theme';

type Attempt = (work: () => Promise<unknown>) => void;

interface Properties {
  user: User;
  isFriend: boolean;
  request: FriendRequest | undefined;
  attempt: Attempt;
  onWrite: () => void;
}

export function PersonRow({ user, isFriend, request, attempt, onWrite }: Properties) {
  return (
    <Row user={user}>
      {isFriend ? null : request === undefined ? (
        <Button label="Add" onPress={() => attempt(() => client.friends.request(user.id))} />
      ) : request.receiverId === client.userId ? (
        <Button label="Accept" onPress={() => attempt(() => client.friends.accept(request.id))} />
      ) : (
        <Words kind="small">asked</Words>
      )}
      <IconButton icon="chatbubble-outline" label={`Write to ${user.displayName}`} onPress={onWrite} />
    </Row>
  );
}

export function RequestRow({ request, attempt }: { request: FriendRequest; attempt: Attempt }) {
  const user = useUser(request.senderId);
  if (user === undefined) return null;
  return (
    <Row user={user}>
      <Button kind="danger" label="Decline" onPress={() => attempt(() => client.friends.reject(request.id))} />
      <Button kind="primary" label="Accept" onPress={() => attempt(() => client.friends.accept(request.id))} />
    </Row>
  );
}

function Row({ user, children }: { user: User; children: ReactNode }) {
  const isOnline = usePresence(user.id)?.isOnline === true;
  return (
    <View role="listitem" style={{ flexDirection: 'row', alignItems: 'center', gap: SPACE.s, minHeight: 60 }}>
      <Avatar id={user.id} name={user.displayName} url={user.avatarUrl} userId={user.id} size={44} />
      <View style={{ flex: 1, paddingLeft: 4 }}>
        <Words kind="strong" numberOfLines={1}>
          {user.displayName}
        </Words>
        <Words kind="small" numberOfLines={1}>
          @{user.username}
          {isOnline ? ' · online' : ''}
        </Words>
      </View>
      {children}
    </View>
  );
}
