import type { User } from '@parley/client';
import { useFriendRequests, useFriends } from '@parley/client/react';
import { useState } from 'preact/hooks';
import { openConversation } from '../app/router.js';
import { attempt, notify } from '../app/toasts.js';
import { Confirm } from '../design/Confirm.js';
import { Icon } from '../design/Icon.js';
import { below, Menu, MenuItem, type Place } from '../design/Menu.js';
import { client } from '../session/client.js';
import { t } from '../texts/texts.js';
import { block } from './blocked.js';

/** Write to somebody, become friends, or no longer. */
export function PersonActions({ user }: { user: User }) {
  const [menu, openMenu] = useState<Place>();
  const [isBlocking, askBlock] = useState(false);
  const isFriend = useFriends().some(({ id }) => id === user.id);
  const isAsked = useFriendRequests().some(({ receiverId }) => receiverId === user.id);
  const write = (): void => {
    void attempt(async () => openConversation((await client.conversations.openDirect(user.id)).id));
  };
  const blockUser = (): void => {
    void attempt(async () => {
      await block(user.id);
      notify(t('people.blocked', { name: user.displayName }));
    });
  };
  return (
    <>
      {isFriend ? null : (
        <button
          type="button"
          class="button small"
          disabled={isAsked}
          onClick={() => void attempt(() => client.friends.request(user.id))}
        >
          {isAsked ? t('people.asked') : t('people.add')}
        </button>
      )}
      <button type="button" class="button primary small" onClick={write}>
        {t('people.message')}
      </button>
      <button
        type="button"
        class="icon-button"
        aria-label={t('list.actions', { name: user.displayName })}
        aria-haspopup="menu"
        onClick={(event) => openMenu(below(event))}
      >
        <Icon name="more" />
      </button>
      {menu === undefined ? null : (
        <Menu label={t('list.actions', { name: user.displayName })} at={menu} onClose={() => openMenu(undefined)}>
          {isFriend ? (
            <MenuItem
              icon="close"
              text={t('people.remove')}
              onChoose={() => void attempt(() => client.friends.remove(user.id))}
            />
          ) : null}
          <MenuItem icon="block" text={t('people.block')} isDangerous onChoose={() => askBlock(true)} />
        </Menu>
      )}
      {isBlocking ? (
        <Confirm
          title={t('people.block')}
          text={t('details.blockQuestion', { name: user.displayName })}
          confirm={t('people.block')}
          onConfirm={blockUser}
          onClose={() => askBlock(false)}
        />
      ) : null}
    </>
  );
}
