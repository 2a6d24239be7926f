import Ionicons from '@expo/vector-icons/Ionicons';
import type { Attachment, MessageItem } from '@parley/client';
import { useUser } from '@parley/client/react';
import { memo } from 'react';
import { Pressable, Text, View } from 'react-native';
import { client } from '../chat/client';
import { excerptOf, isOwn } from '../chat/names';
import { reasonOf, timeOf } from '../chat/words';
import { Words } from '../design/controls';
import { RADIUS, SPACE, useColors } from '../design/theme';
import { Attachments } from './Attachments';
import { MessageText } from './MessageText';
import { RefusedChange } from './RefusedChange';
import { MARKS, type Tick } from './rows';

interface Properties {
  item: MessageItem;
  /** Of a run of messages of one sender. */
  isFirst: boolean;
  isLast: boolean;
  isGroup: boolean;
  tick: Tick | undefined;
  onChoose: (item: MessageItem) => void;
  onView: (picture: Attachment) => void;
  onJump: (seq: number) => void;
}

export const MessageRow = memo((properties: Properties) => {
  const { item, isFirst, isLast, isGroup, onChoose, onView, onJump } = properties;
  const { own, surface, line, danger } = useColors();
  const sender = useUser(item.senderId);
  const isMine = isOwn(item);
  const name = sender?.displayName ?? 'Somebody';
  if (item.kind === 'SYSTEM')
    return (
      <Words kind="small" style={{ textAlign: 'center', padding: SPACE.s }}>
        {item.content}
      </Words>
    );
  const isDeleted = item.deletedAt !== null;
  return (
    <View
      role="article"
      aria-label={`${name}, ${timeOf(item.createdAt)}`}
      style={{ alignItems: isMine ? 'flex-end' : 'flex-start', marginTop: isFirst ? SPACE.m : 3 }}
    >
      <Pressable
        disabled={isDeleted}
        onLongPress={() => onChoose(item)}
        {...(item.error === undefined ? {} : { onPress: () => onChoose(item) })}
        delayLongPress={300}
        style={({ pressed }) => ({
          maxWidth: '84%',
          padding: SPACE.s,
          paddingHorizontal: SPACE.m,
          gap: 4,
          borderRadius: RADIUS.l,
          borderBottomRightRadius: isMine && isLast ? 4 : RADIUS.l,
          borderBottomLeftRadius: !isMine && isLast ? 4 : RADIUS.l,
          borderWidth: 1,
          borderColor: item.state === 'rejected' ? danger : isMine ? own : line,
          backgroundColor: isMine ? own : surface,
          opacity: pressed ? 0.8 : 1,
        })}
      >
        {isGroup && !isMine && isFirst ? (
          <Words kind="small" style={{ fontWeight: '600' }}>
            {name}
          </Words>
        ) : null}
        {item.replyTo === null ? null : <Quote reply={item.replyTo} onJump={onJump} />}
        {isDeleted ? (
          <Words kind="soft" style={{ fontStyle: 'italic' }}>
            This message was deleted
          </Words>
        ) : (
          <>
            {item.attachments.length === 0 ? null : <Attachments item={item} onView={onView} />}
            {item.content === null || item.content === '' ? null : <MessageText text={item.content} />}
          </>
        )}
        <Meta {...properties} />
      </Pressable>
      {item.reactions.length === 0 ? null : <Reactions item={item} />}
      {item.error === undefined ? null : (
        <Words kind="small" role="alert" style={{ color: danger, paddingTop: 2 }}>
          Not sent. {reasonOf(item.error)} Tap the message.
        </Words>
      )}
      {item.refusedChanges?.map((change) => (
        <RefusedChange key={change.clientId} change={change} />
      ))}
    </View>
  );
});

function Meta({ item, tick }: Properties) {
  const { soft, accent, danger } = useColors();
  const color = tick === 'read' ? accent : tick === 'rejected' ? danger : soft;
  const progress = item.progress === undefined ? '' : `${Math.floor(item.progress * 100)} % · `;
  return (
    <View style={{ flexDirection: 'row', alignSelf: 'flex-end', alignItems: 'center', gap: 4 }}>
      <Text style={{ color: soft, fontSize: 12 }}>
        {progress}
        {item.editedAt === null || item.deletedAt !== null ? '' : 'edited · '}
        {timeOf(item.createdAt)}
      </Text>
      {tick === undefined ? null : (
        <View role="img" aria-label={MARKS[tick].label}>
          <Ionicons name={MARKS[tick].icon} size={16} color={color} />
        </View>
      )}
    </View>
  );
}

function Quote({ reply, onJump }: { reply: NonNullable<MessageItem['replyTo']>; onJump: (seq: number) => void }) {
  const { accent } = useColors();
  const sender = useUser(reply.senderId ?? '');
  const text = reply.deletedAt === null ? excerptOf(reply) : 'This message was deleted';
  return (
    <Pressable
      role="button"
      aria-label={`Reply to: ${text}`}
      onPress={() => reply.seq !== null && onJump(reply.seq)}
      style={{ borderLeftWidth: 3, borderColor: accent, paddingLeft: SPACE.s }}
    >
      <Words kind="small" style={{ fontWeight: '600' }}>
        {sender?.displayName ?? 'Somebody'}
      </Words>
      <Words kind="small" numberOfLines={2}>
        {text}
      </Words>
    </Pressable>
  );
}

function Reactions({ item }: { item: MessageItem }) {
  const { accentSoft, accent, line } = useColors();
  const toggle = (emoji: string, mine: boolean): void =>
    void client.react(item, emoji, { remove: mine }).catch(() => undefined);
  return (
    <View style={{ flexDirection: 'row', flexWrap: 'wrap', gap: 4, marginTop: -4 }}>
      {item.reactions.map(({ emoji, count, mine }) => (
        <Pressable
          key={emoji}
          role="button"
          aria-label={`${emoji}, ${count}${mine ? ', yours' : ''}`}
          hitSlop={6}
          onPress={() => toggle(emoji, mine)}
          style={{
            paddingHorizontal: SPACE.s,
            paddingVertical: 2,
            borderRadius: RADIUS.m,
            borderWidth: 1,
            borderColor: mine ? accent : line,
            backgroundColor: accentSoft,
          }}
        >
          <Words kind="small">
            {emoji} {count}
          </Words>
        </Pressable>
      ))}
    </View>
  );
}
