import type { Conversation, MessageItem } from '@parley/client';
import { useConnection, useMessages, useReceipts } from '@parley/client/react';
import type { RefObject } from 'preact';
import { useLayoutEffect, useMemo } from 'preact/hooks';
import { useToday } from '../app/clock.js';
import { useIsAway } from '../conversations/ConnectionBar.js';
import { nameOf, partnerOf } from '../conversations/names.js';
import { Icon } from '../design/Icon.js';
import { client } from '../session/client.js';
import { dayOf, t } from '../texts/texts.js';
import type { MessageActions } from './actions.js';
import { keyOf, layOut, type Entry } from './layout.js';
import { MessageRow } from './row/MessageRow.js';
import { moveFocus } from './row/row-focus.js';
import { SystemRow } from './row/SystemRow.js';
import { useScroll } from './scroll.js';
import type { Tick } from './row/TickMark.js';

export interface ListHandle {
  toEnd(): void;
  jump(seq: number): void;
}

interface Properties {
  conversation: Conversation;
  seq: number | undefined;
  actions: MessageActions;
  /** Gets what the page around it may ask of it. */
  handle: RefObject<ListHandle | null>;
}

/**
 * A scroller that begins at its end (column-reverse) with one child in natural order: what is added above does not move what
 * is looked at. What is added or let go below is put right by `useScroll`.
 */
export function MessageList({ conversation, seq, actions, handle }: Properties) {
  const { id } = conversation;
  const messages = useMessages(id);
  const { items, hasOlder, firstUnreadSeq, isLoading } = messages;
  const today = useToday();
  const entries = useMemo(() => layOut(items, firstUnreadSeq), [items, firstUnreadSeq, today]);
  const isLive = useConnection().status === 'live';
  const isAway = useIsAway();
  const { scroller, isAtEnd, toEnd, jump } = useScroll({ conversation, messages, seq, isLive });
  const ticks = useTicks(conversation);
  useLayoutEffect(() => {
    handle.current = { toEnd, jump };
  }, [handle, toEnd, jump]);
  const unread = conversation.me.unreadCount;
  return (
    <div class="messages-frame">
      <div
        ref={scroller}
        class="messages"
        role="log"
        aria-label={t('chat.messages', { name: nameOf(conversation) })}
        aria-live={isAtEnd ? 'polite' : 'off'}
        aria-busy={isLoading}
        tabIndex={0}
        onKeyDown={moveFocus}
      >
        <div class="messages-content">
          {hasOlder ? (
            <p class="messages-edge soft small">
              {t(items.length > 0 ? 'chat.loadingOlder' : isAway ? 'chat.noConnection' : 'chat.loading')}
            </p>
          ) : (
            <Beginning conversation={conversation} isEmpty={items.length === 0} />
          )}
          {entries.map((entry) => drawn(entry, conversation, actions, ticks))}
        </div>
      </div>
      {isAtEnd ? null : (
        <button
          type="button"
          class="to-end"
          aria-label={unread > 0 ? t('chat.newestCount', { count: unread }) : t('chat.newest')}
          onClick={toEnd}
        >
          <Icon name="down" />
          {unread > 0 ? <span class="badge">{unread > 99 ? '99+' : unread}</span> : null}
        </button>
      )}
    </div>
  );
}

function drawn(entry: Entry, conversation: Conversation, actions: MessageActions, tickOf: (item: MessageItem) => Tick) {
  switch (entry.type) {
    case 'day':
      return (
        <p class="day" key={entry.key}>
          <time dateTime={entry.at}>{dayOf(entry.at)}</time>
        </p>
      );
    case 'unread':
      return (
        <p class="unread-line" key="unread">
          <span>{t('chat.unread')}</span>
        </p>
      );
    case 'message':
      if (entry.item.kind === 'SYSTEM') return <SystemRow key={keyOf(entry.item)} item={entry.item} />;
      return (
        <MessageRow
          key={keyOf(entry.item)}
          item={entry.item}
          isFirst={entry.isFirst}
          isLast={entry.isLast}
          isGroup={conversation.type === 'GROUP'}
          tick={tickOf(entry.item)}
          actions={actions}
        />
      );
  }
}

function Beginning({ conversation, isEmpty }: { conversation: Conversation; isEmpty: boolean }) {
  const partner = partnerOf(conversation);
  return (
    <div class="messages-edge">
      <p class="soft small">{partner === undefined ? t('chat.beginningGroup') : t('chat.beginning')}</p>
      {isEmpty && partner !== undefined ? <p>{t('chat.sayHello', { name: partner.displayName })}</p> : null}
    </div>
  );
}

/** How far one's own messages have come: what all others have. */
function useTicks(conversation: Conversation): (item: MessageItem) => Tick {
  const receipts = useReceipts(conversation.id);
  return useMemo(() => {
    const others = receipts.filter(({ userId }) => userId !== client.userId);
    const isKnown = others.length > 0 && others.length + 1 >= conversation.memberCount;
    const read = isKnown ? Math.min(...others.map(({ lastReadSeq }) => lastReadSeq)) : 0;
    const delivered = isKnown ? Math.min(...others.map(({ lastDeliveredSeq }) => lastDeliveredSeq)) : 0;
    return ({ seq, senderId, state }) => {
      if (senderId !== client.userId) return undefined;
      if (state !== 'sent' || seq === null) return state === 'rejected' ? 'rejected' : 'pending';
      return seq <= read ? 'read' : seq <= delivered ? 'delivered' : 'sent';
    };
  }, [receipts, conversation.memberCount]);
}
