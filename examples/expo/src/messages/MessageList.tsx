import type { Attachment, Conversation, MessageItem } from '@parley/client';
import { useConnection, useMessages, useReceipts } from '@parley/client/react';
import { useEffect, useMemo, useRef, useState } from 'react';
import { AppState, FlatList, type NativeScrollEvent, type NativeSyntheticEvent, View } from 'react-native';
import { client } from '../chat/client';
import { partnerOf } from '../chat/names';
import { dayOf } from '../chat/words';
import { Badge, IconButton, Words } from '../design/controls';
import { SPACE, useColors } from '../design/theme';
import { MessageRow } from './MessageRow';
import { type Row, rowsOf, tickOf } from './rows';

/** So near the newest message one is still at it. */
const NEAR = 80;

interface Properties {
  conversation: Conversation;
  isTop: boolean;
  /** How many messages were sent from here: each is shown. */
  sent: number;
  onChoose: (item: MessageItem) => void;
  onView: (picture: Attachment) => void;
}

/** An inverted list: it begins at the newest message, and what is loaded above moves nothing. */
export function MessageList({ conversation, isTop, sent, onChoose, onView }: Properties) {
  const { id, memberCount, type, me } = conversation;
  const { items, hasOlder, hasNewer, firstUnreadSeq, loadOlder, loadNewer, jumpTo } = useMessages(id);
  const receipts = useReceipts(id);
  const list = useRef<FlatList<Row>>(null);
  const [isAtEnd, setAtEnd] = useState(true);
  const rows = useMemo(() => rowsOf(items, firstUnreadSeq), [items, firstUnreadSeq]);
  const older = useOlder(items[0], hasOlder, loadOlder);
  const newest = items.findLast(({ seq }) => seq !== null)?.seq ?? 0;
  const isRead = useIsActive() && isTop && isAtEnd && !hasNewer;
  useEffect(() => {
    if (isRead && newest > 0) void client.markRead(id, newest).catch(() => undefined);
  }, [id, isRead, newest]);

  const jump = async (seq: number): Promise<void> => {
    await jumpTo(seq);
    const held = rowsOf(client.messages(id).getSnapshot().items, firstUnreadSeq);
    const index = held.findIndex((row) => row.type === 'message' && row.item.seq === seq);
    if (index >= 0) list.current?.scrollToIndex({ index, viewPosition: 0.5, animated: false });
  };
  const toEnd = async (): Promise<void> => {
    await client.messages(id).jumpToNewest();
    list.current?.scrollToOffset({ offset: 0, animated: true });
  };
  useEffect(() => {
    if (sent === 0) return;
    const show = (): void => list.current?.scrollToOffset({ offset: 0, animated: true });
    // Without a network there may be nothing newer here: the message waits at the end of what there is.
    void client.messages(id).jumpToNewest().then(show, show);
  }, [id, sent]);
  const renderItem = ({ item: row }: { item: Row }) =>
    row.type === 'day' ? (
      <Line text={dayOf(row.at)} />
    ) : row.type === 'unread' ? (
      <Line text="New messages" isStrong />
    ) : (
      <MessageRow
        item={row.item}
        isFirst={row.isFirst}
        isLast={row.isLast}
        isGroup={type === 'GROUP'}
        tick={tickOf(row.item, receipts, memberCount)}
        onChoose={onChoose}
        onView={onView}
        onJump={(seq) => void jump(seq)}
      />
    );
  return (
    <View style={{ flex: 1 }}>
      <FlatList
        ref={list}
        role="log"
        aria-label="Messages"
        inverted
        data={rows}
        keyExtractor={({ key }) => key}
        renderItem={renderItem}
        extraData={receipts}
        onEndReached={older}
        onEndReachedThreshold={1}
        onStartReached={() => void (hasNewer && loadNewer())}
        onScroll={({ nativeEvent }: NativeSyntheticEvent<NativeScrollEvent>) =>
          setAtEnd(nativeEvent.contentOffset.y < NEAR)
        }
        scrollEventThrottle={100}
        maintainVisibleContentPosition={{ minIndexForVisible: 0, autoscrollToTopThreshold: NEAR }}
        onScrollToIndexFailed={({ index, averageItemLength }) =>
          list.current?.scrollToOffset({ offset: index * averageItemLength, animated: false })
        }
        keyboardShouldPersistTaps="handled"
        contentContainerStyle={{ paddingVertical: SPACE.m, paddingHorizontal: SPACE.m }}
        ListFooterComponent={<Beginning conversation={conversation} hasOlder={hasOlder} />}
      />
      {isAtEnd && !hasNewer ? null : (
        <View style={{ position: 'absolute', right: SPACE.m, bottom: SPACE.m }}>
          <IconButton icon="chevron-down-circle" label="Newest messages" onPress={() => void toEnd()} />
          {me.unreadCount === 0 ? null : <Badge count={me.unreadCount} style={{ position: 'absolute', right: 0 }} />}
        </View>
      )}
    </View>
  );
}

/** Above the first message, so at the list's end. */
function Beginning({ conversation, hasOlder }: { conversation: Conversation; hasOlder: boolean }) {
  if (hasOlder) return <Line text="Loading older messages …" />;
  const partner = partnerOf(conversation);
  return (
    <Line
      text={
        conversation.lastSeq === 0 && partner !== undefined
          ? `Say hello to ${partner.displayName}.`
          : 'This is where your conversation begins.'
      }
    />
  );
}

function Line({ text, isStrong = false }: { text: string; isStrong?: boolean }) {
  const { badge } = useColors();
  return (
    <Words
      kind="small"
      style={{ textAlign: 'center', padding: SPACE.m, ...(isStrong ? { color: badge, fontWeight: '600' } : {}) }}
    >
      {text}
    </Words>
  );
}

/** Loads older messages, and once more where the connection was lost meanwhile: the list's end is reached only once. */
function useOlder(oldest: MessageItem | undefined, hasOlder: boolean, loadOlder: () => Promise<void>): () => void {
  const isLive = useConnection().status === 'live';
  const wanted = useRef<MessageItem>(undefined);
  const load = (): void => {
    if (!hasOlder) return;
    wanted.current = oldest;
    void loadOlder();
  };
  const again = useRef(load);
  again.current = () => wanted.current !== undefined && wanted.current?.id === oldest?.id && load();
  useEffect(() => {
    if (isLive) again.current();
  }, [isLive]);
  return load;
}

/** Behind a locked screen nobody reads. */
function useIsActive(): boolean {
  const [isActive, setActive] = useState(AppState.currentState !== 'background');
  useEffect(() => {
    const subscription = AppState.addEventListener('change', (state) => setActive(state === 'active'));
    return () => subscription.remove();
  }, []);
  return isActive;
}
