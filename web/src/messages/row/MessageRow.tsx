import type { MessageItem } from '@parley/client';
import { useUser } from '@parley/client/react';
import { useCallback, useState } from 'preact/hooks';
import { useToday } from '../../app/clock.js';
import { Lazy } from '../../app/Lazy.js';
import { Avatar } from '../../design/Avatar.js';
import { memo } from '../../design/memo.js';
import type { Place } from '../../design/place.js';
import { fullTimeOf, t, timeOf } from '../../texts/texts.js';
import { canEdit, canReply, isOwn, type MessageActions } from '../actions.js';
import { Attachments } from '../files/Attachments.js';
import { useLongPress } from './long-press.js';
import { MessageText } from './MessageText.js';
import { Quote } from './Quote.js';
import { Reactions } from './Reactions.js';
import { Rejections } from '../Rejections.js';
import { RowTools } from './RowTools.js';
import { type Tick, TickMark } from './TickMark.js';

const messageMenu = () => import('./MessageMenu.js');
const linkPreview = () => import('./LinkPreviewCard.js');

interface Properties {
  item: MessageItem;
  /** Of a run of messages of one sender. */
  isFirst: boolean;
  isLast: boolean;
  isGroup: boolean;
  tick: Tick;
  actions: MessageActions;
}

export const MessageRow = memo(({ item, isFirst, isLast, isGroup, tick, actions }: Properties) => {
  const sender = useUser(item.senderId);
  // Made when first needed, and from then on shown by CSS: what is pressed must still be there when its click comes.
  const [hasTools, makeTools] = useState(false);
  const [menu, openMenu] = useState<Place>();
  const closeMenu = useCallback(() => openMenu(undefined), []);
  const own = isOwn(item);
  const isDeleted = item.deletedAt !== null;
  const hasActions = !isDeleted;
  const name = sender?.displayName ?? t('app.someone');
  useToday();
  const time = timeOf(item.createdAt);

  const longPress = useLongPress((at) => {
    if (hasActions) openMenu(at);
  });

  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.target !== event.currentTarget || event.ctrlKey || event.metaKey || event.altKey || !hasActions) return;
    const does = keyAction(event.key, item, actions, () => {
      const { left, bottom } = (event.currentTarget as Element).getBoundingClientRect();
      openMenu({ x: left + 48, y: bottom });
    });
    if (does) event.preventDefault();
  };

  return (
    <article
      class={`message ${own ? 'own' : 'other'} ${isFirst ? 'first' : ''} ${isLast ? 'last' : ''} ${isGroup ? 'in-group' : ''}`}
      data-row
      data-seq={item.seq ?? undefined}
      tabIndex={-1}
      aria-label={t('message.by', { name, time })}
      onKeyDown={onKeyDown}
      onMouseEnter={() => makeTools(true)}
      onFocusIn={() => makeTools(true)}
      onClick={focusByTouch}
      {...longPress}
      onContextMenu={(event) => {
        // A link or a selected text has a menu of the browser's own.
        if (!hasActions || (event.target as Element).closest('a') !== null || getSelection()?.isCollapsed === false)
          return;
        event.preventDefault();
        openMenu({ x: event.clientX, y: event.clientY });
      }}
    >
      {isGroup && !own ? (
        <span class="message-avatar">
          {isLast ? <Avatar id={item.senderId} name={name} url={sender?.avatarUrl} size={30} /> : null}
        </span>
      ) : null}
      <div class="message-main">
        <div class={`bubble ${isDeleted ? 'deleted' : ''}`}>
          {isGroup && !own && isFirst ? (
            <strong class="sender" dir="auto">
              {name}
            </strong>
          ) : null}
          {item.replyTo === null ? null : <Quote reply={item.replyTo} onJump={actions.jump} />}
          {item.attachments.length > 0 ? <Attachments item={item} actions={actions} /> : null}
          {item.linkPreview ? <Lazy load={linkPreview} preview={item.linkPreview} isOptional /> : null}
          <div class="last-line">
            {isDeleted ? (
              <p class="message-text">{t('message.deleted')}</p>
            ) : item.content === null || item.content === '' ? null : (
              <MessageText text={item.content} />
            )}
            <span class="meta">
              {item.editedAt === null || isDeleted ? null : <span>{t('message.edited')}</span>}
              <time dateTime={item.createdAt} title={hasTools ? fullTimeOf(item.createdAt) : undefined}>
                {time}
              </time>
              {tick === undefined || isDeleted ? null : <TickMark tick={tick} progress={item.progress} />}
            </span>
          </div>
        </div>
        {item.reactions.length > 0 ? <Reactions item={item} /> : null}
        <Rejections item={item} />
        {hasActions && hasTools ? <RowTools item={item} actions={actions} onMenu={openMenu} /> : null}
      </div>
      {menu === undefined ? null : (
        <Lazy load={messageMenu} item={item} at={menu} actions={actions} onClose={closeMenu} onFailed={closeMenu} />
      )}
    </article>
  );
});

/** A finger does not hover, and not every browser moves the focus to what it touches: what may be done is shown by that. */
function focusByTouch(event: MouseEvent): void {
  if ((event as PointerEvent).pointerType !== 'touch' || (event.target as Element).closest('a, button, input') !== null)
    return;
  (event.currentTarget as HTMLElement).focus({ preventScroll: true });
}

/** False where the key means nothing here. */
function keyAction(key: string, item: MessageItem, actions: MessageActions, openMenu: () => void): boolean {
  if (key === 'Enter' || key === 'ContextMenu') openMenu();
  else if (key === 'r' && canReply(item)) actions.reply(item);
  else if (key === 'e' && canEdit(item)) actions.edit(item);
  else if (key === '+' && item.id !== null) actions.ask({ type: 'react', item });
  else if (key === 'Delete') actions.ask({ type: 'delete', item });
  else return false;
  return true;
}
