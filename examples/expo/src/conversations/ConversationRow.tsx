import type { ConversationItem } from '@parley/client';
import { useDraft, useTyping } from '@parley/client/react';
import Ionicons from '@expo/vector-icons/Ionicons';
import { memo } from 'react';
import { Pressable, Text, View } from 'react-native';
import { nameOf, partnerOf, previewOf } from '../chat/names';
import { briefTimeOf } from '../chat/words';
import { Avatar } from '../design/Avatar';
import { Badge, Words } from '../design/controls';
import { SPACE, useColors } from '../design/theme';
import { MARKS } from '../messages/rows';

interface Properties {
  conversation: ConversationItem;
  onPress: () => void;
}

export const ConversationRow = memo(({ conversation, onPress }: Properties) => {
  const { line, sunken } = useColors();
  const { id, avatarUrl, lastMessageAt, me } = conversation;
  const partner = partnerOf(conversation);
  const name = nameOf(conversation);
  const isMuted = me.mutedUntil !== null && Date.parse(me.mutedUntil) > Date.now();
  return (
    <Pressable
      role="link"
      aria-label={me.unreadCount === 0 ? name : `${name}, ${me.unreadCount} unread`}
      onPress={onPress}
      style={({ pressed }) => ({
        flexDirection: 'row',
        alignItems: 'center',
        gap: SPACE.m,
        padding: SPACE.m,
        paddingHorizontal: SPACE.l,
        borderBottomWidth: 1,
        borderColor: line,
        backgroundColor: pressed ? sunken : 'transparent',
      })}
    >
      <Avatar id={partner?.id ?? id} name={name} url={partner?.avatarUrl ?? avatarUrl} userId={partner?.id} size={52} />
      <View style={{ flex: 1, gap: 3 }}>
        <View style={{ flexDirection: 'row', gap: SPACE.s, alignItems: 'baseline' }}>
          <Words kind="strong" numberOfLines={1} style={{ flex: 1 }}>
            {name}
          </Words>
          {lastMessageAt === null ? null : <Words kind="small">{briefTimeOf(lastMessageAt)}</Words>}
        </View>
        <View style={{ flexDirection: 'row', gap: SPACE.s, alignItems: 'center' }}>
          <Preview conversation={conversation} />
          {me.unreadCount === 0 ? null : <Badge count={me.unreadCount} isQuiet={isMuted} />}
        </View>
      </View>
    </Pressable>
  );
});

/** What goes on in it: somebody types, a draft waits, else the last message. */
function Preview({ conversation }: { conversation: ConversationItem }) {
  const { accent, danger, soft } = useColors();
  const { lastMessageState } = conversation;
  const [typing] = useTyping(conversation.id);
  const [draft] = useDraft(conversation.id);
  if (typing.length > 0)
    return (
      <Words kind="soft" style={{ flex: 1, color: accent }}>
        typing …
      </Words>
    );
  return (
    <Words kind="soft" numberOfLines={1} style={{ flex: 1 }}>
      {draft.trim() === '' ? (
        <>
          {lastMessageState === undefined ? null : (
            <Text role="img" aria-label={MARKS[lastMessageState].label}>
              <Ionicons
                name={MARKS[lastMessageState].icon}
                size={14}
                color={lastMessageState === 'pending' ? soft : danger}
              />{' '}
            </Text>
          )}
          {previewOf(conversation)}
        </>
      ) : (
        <>
          <Text style={{ color: danger }}>Draft: </Text>
          {draft.slice(0, 100)}
        </>
      )}
    </Words>
  );
}
