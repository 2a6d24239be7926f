import type { User } from '@parley/client';
import { useFriendRequests, useFriends } from '@parley/client/react';
import { type ReactNode, useState } from 'react';
import { ScrollView, View } from 'react-native';
import { useSafeAreaInsets } from 'react-native-safe-area-context';
import { client } from '../chat/client';
import { errorText } from '../chat/words';
import { AboveKeyboard } from '../design/AboveKeyboard';
import { Bar } from '../design/Bar';
import { ConnectionBanner } from '../design/ConnectionBanner';
import { Field, Notice, Words } from '../design/controls';
import { SPACE } from '../design/theme';
import { useNavigation } from '../navigation/context';
import { PersonRow, RequestRow } from './PersonRow';
import { usePeople } from './people';

export function FriendsScreen() {
  const { go, isTop } = useNavigation();
  const friends = [...useFriends()].sort((a, b) => a.displayName.localeCompare(b.displayName));
  const requests = useFriendRequests();
  const [words, setWords] = useState('');
  const { people, error: searchError } = usePeople(words);
  const [error, setError] = useState<unknown>();
  const { bottom } = useSafeAreaInsets();

  const attempt = (work: () => Promise<unknown>): void => {
    setError(undefined);
    work().catch(setError);
  };
  const write = (user: User): void =>
    attempt(async () => {
      const known = client.conversations.items.find(
        ({ type, members }) => type === 'DIRECT' && members.some((member) => member.user.id === user.id),
      );
      const { id } = known ?? (await client.conversations.openDirect(user.id));
      // Not from elsewhere, where a user has gone before the server answered.
      if (isTop({ name: 'friends' })) go({ name: 'chat', conversationId: id });
    });
  const rowOf = (user: User) => (
    <PersonRow
      key={user.id}
      user={user}
      isFriend={friends.some(({ id }) => id === user.id)}
      request={requests.find(({ senderId, receiverId }) => senderId === user.id || receiverId === user.id)}
      attempt={attempt}
      onWrite={() => write(user)}
    />
  );
  const incoming = requests.filter(({ receiverId }) => receiverId === client.userId);
  const fault = error ?? searchError;
  return (
    <AboveKeyboard>
      <Bar title="Friends" />
      <ConnectionBanner />
      <ScrollView
        keyboardShouldPersistTaps="handled"
        contentContainerStyle={{ padding: SPACE.l, gap: SPACE.l, paddingBottom: SPACE.xl + bottom }}
      >
        <Field
          label="Find people"
          placeholder="Name or username"
          autoCapitalize="none"
          autoCorrect={false}
          maxLength={64}
          value={words}
          onChangeText={setWords}
        />
        {fault === undefined ? null : <Notice kind="danger">{errorText(fault)}</Notice>}
        {people === undefined ? null : people.length === 0 ? (
          <Words kind="soft">Nobody is called so.</Words>
        ) : (
          <Section title="Found">{people.map(rowOf)}</Section>
        )}
        {incoming.length === 0 ? null : (
          <Section title="Asking to be your friend">
            {incoming.map((request) => (
              <RequestRow key={request.id} request={request} attempt={attempt} />
            ))}
          </Section>
        )}
        <Section title="Your friends">
          {friends.length === 0 ? (
            <Words kind="soft">Nobody yet. Find somebody by name, and ask.</Words>
          ) : (
            friends.map(rowOf)
          )}
        </Section>
      </ScrollView>
    </AboveKeyboard>
  );
}

function Section({ title, children }: { title: string; children: ReactNode }) {
  return (
    <View role="list" aria-label={title} style={{ gap: SPACE.s }}>
      <Words kind="small" role="heading" style={{ fontWeight: '600' }}>
        {title}
      </Words>
      {children}
    </View>
  );
}
