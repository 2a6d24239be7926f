import type { Conversation, UpdateOwnMembership } from '@parley/client';
import { attempt } from '../app/toasts.js';
import { Menu, MenuItem } from '../design/Menu.js';
import type { Place } from '../design/place.js';
import { client } from '../session/client.js';
import { t } from '../texts/texts.js';
import '../texts/more.js';
import { FOR_GOOD, isMuted, nameOf } from './names.js';

interface Properties {
  conversation: Conversation;
  at: Place;
  onClose: () => void;
}

/** What one does with a conversation for oneself. */
export default function ConversationMenu({ conversation, at, onClose }: Properties) {
  const { id, me } = conversation;
  const change = (own: UpdateOwnMembership) => () => void attempt(() => client.conversations.updateOwn(id, own));
  const isQuiet = isMuted(conversation);
  return (
    <Menu label={t('list.actions', { name: nameOf(conversation) })} at={at} onClose={onClose}>
      <MenuItem
        icon={isQuiet ? 'bell' : 'bellOff'}
        text={isQuiet ? t('details.unmute') : t('details.mute')}
        onChoose={change({ mutedUntil: isQuiet ? null : FOR_GOOD })}
      />
      <MenuItem
        icon="pin"
        text={me.pinnedAt === null ? t('details.pin') : t('details.unpin')}
        onChoose={change({ pinned: me.pinnedAt === null })}
      />
      <MenuItem
        icon="archive"
        text={me.archivedAt === null ? t('details.archive') : t('details.unarchive')}
        onChoose={change({ archived: me.archivedAt === null })}
      />
    </Menu>
  );
}
