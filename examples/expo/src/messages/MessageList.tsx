import type { Attachment, Conversation, MessageItem } from '@parley/client';
import { useConnection, useMessages, useReceipts } from '@parley/client/react';
import { useCallback, useEffect, useMemo, useRef, useState } from 'react';
import { AppState, FlatList, type NativeScrollEvent, type NativeSyntheticEvent, View } from 'react-native';
import { client } from '../chat/client';
import { partnerOf } from '../chat/names';
import { dayOf } from '../chat/words';
import { Badge, IconButton, Words } from '../design/controls';
import { SPACE, useColors } from '../design/theme';
import { MessageRow } from './MessageRow';
import { useBegin, usePlace } from './place';
import { type Row, rowsOf, tickOf } from './rows';

/** So near the newest message one is still at it. */
const NEAR = 80;
/** Where the first unread message stands: near the top of the screen. */
const UNREAD_POSITION = 0.85;

interface Properties {
  conversation: Conversation;
  isTop: boolean;
  /** How many messages were sent from here: each is shown. */
  sent: number;
  onChoose: (item: MessageItem) => void;
  onView: (picture: Attachment) => void;
}

/** An inverted list: what is loaded above moves nothing. It begins at the first unread message, or else at the newest. */
export function MessageList({ conversation, isTop, sent, onChoose, onView }: Properties) {
  const { id, memberCount, type, me } = conversation;
  const { items, hasOlder, hasNewer, firstUnreadSeq, isLoading, loadOlder, loadNewer, jumpTo } = useMessages(id);
  const receipts = useReceipts(id);
  const list = useRef<FlatList<Row>>(null);
  const [isAtEnd, setAtEnd] = useState(true);
  const rows = useMemo(() => rowsOf(items, firstUnreadSeq), [items, firstUnreadSeq]);
  const line = rows.findIndex(({ type: kind }) => kind === 'unread');
  const { begin, isPlaced, leave: leaveBegin } = useBegin(id, me.unreadCount, firstUnreadSeq, line >= 0);
  const { go, place, leave } = usePlace(list, rows);
  const older = useOlder(items[0], hasOlder, loadOlder);
  const newest = items.findLast(({ seq }) => seq !== null)?.seq ?? 0;
  const isRead = useIsActive() && isTop && isPlaced && isAtEnd && !hasNewer;
  useEffect(() => {
    if (isRead && newest > 0) void client.markRead(id, newest).catch(() => undefined);
  }, [id, isRead, newest]);

  useEffect(() => {
    if (begin === 'unread') go('unread', UNREAD_POSITION);
  }, [begin, go]);
  // At the end of what is held there is more: who is there stays there, and goes on to it.
  const held = useRef({ first: rows[0]?.key, hasNewer });
  useEffect(() => {
    const { first, hasNewer: hadNewer } = held.current;
    held.current = { first: rows[0]?.key, hasNewer };
    if (isPlaced && isAtEnd && hadNewer && first !== undefined && first !== rows[0]?.key) go(first, 0);
  }, [rows, hasNewer, isPlaced, isAtEnd, go]);
  const more = (offset: number, height: number): void => {
    if (isPlaced && hasNewer && !isLoading && offset < height) void loadNewer();
  };
  useEffect(() => {
    if (isAtEnd) more(0, NEAR);
  }, [isAtEnd, isPlaced, hasNewer, isLoading]);

  const jump = async (seq: number): Promise<void> => {
    await jumpTo(seq);
    const { items: found } = client.messages(id).getSnapshot();
    const row = rowsOf(found, null).find((one) => one.type === 'message' && one.item.seq === seq);
    if (row !== undefined) go(row.key, 0.5);
  };
  const leaveAll = useCallback((): void => {
    leave();
    leaveBegin();
  }, [leave, leaveBegin]);
  const toEnd = useCallback((): void => {
    leaveAll();
    held.current.first = undefined;
    const show = (): void => list.current?.scrollToOffset({ offset: 0, animated: true });
    // Without a network there may be nothing newer here: what waits to be sent is at the end of what there is.
    void client.messages(id).jumpToNewest().then(show, show);
  }, [id, leaveAll]);
  useEffect(() => {
    if (sent > 0) toEnd();
  }, [sent, toEnd]);
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
        // One that begins elsewhere is another: its first rows reach to there.
        key={begin === 'unread' ? 'unread' : 'end'}
        initialNumToRender={begin === 'unread' ? line + 10 : 10}
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
        onScroll={({ nativeEvent }: NativeSyntheticEvent<NativeScrollEvent>) => {
          const { contentOffset, layoutMeasurement } = nativeEvent;
          setAtEnd(contentOffset.y < NEAR);
          more(contentOffset.y, layoutMeasurement.height);
        }}
        onScrollBeginDrag={leaveAll}
        scrollEventThrottle={100}
        maintainVisibleContentPosition={
          hasNewer ? { minIndexForVisible: 0 } : { minIndexForVisible: 0, autoscrollToTopThreshold: NEAR }
        }
        onLayout={place}
        onContentSizeChange={place}
        onScrollToIndexFailed={({ index, averageItemLength }) => {
          list.current?.scrollToOffset({ offset: index * averageItemLength, animated: false });
          place();
        }}
        keyboardShouldPersistTaps="handled"
        contentContainerStyle={{ paddingVertical: SPACE.m, paddingHorizontal: SPACE.m }}
        ListFooterComponent={<Beginning conversation={conversation} hasOlder={hasOlder} />}
      />
      {isAtEnd && !hasNewer ? null : (
        <View style={{ position: 'absolute', right: SPACE.m, bottom: SPACE.m }}>
          <IconButton icon="chevron-down-circle" label="Newest messages" onPress={toEnd} />
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
