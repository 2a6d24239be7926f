import type { User } from '@parley/client';
import { useFriendRequests, useFriends } from '@parley/client/react';
import { useState } from 'preact/hooks';
import { Lazy } from '../app/Lazy.js';
import { attempt, notify } from '../app/toasts.js';
import { Confirm } from '../design/Confirm.js';
import { MenuItem } from '../design/Menu.js';
import { reportDialog } from '../report/load.js';
import { client } from '../session/client.js';
import { t } from '../texts/texts.js';
import { ActionsMenu } from './ActionsMenu.js';
import { block } from './blocked.js';
import { writeTo } from './write-to.js';

/** Write to somebody, become friends, or no longer. */
export function PersonActions({ user }: { user: User }) {
  const [isBlocking, askBlock] = useState(false);
  const [isReporting, setReporting] = useState(false);
  const endReport = (): void => setReporting(false);
  const isFriend = useFriends().some(({ id }) => id === user.id);
  const isAsked = useFriendRequests().some(({ receiverId }) => receiverId === user.id);
  const write = (): void => {
    void attempt(() => writeTo(user.id));
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
      <button type="button" class="button small" onClick={write}>
        {t('people.message')}
      </button>
      <ActionsMenu user={user}>
        {isFriend ? (
          <MenuItem
            icon="close"
            text={t('people.remove')}
            onChoose={() => void attempt(() => client.friends.remove(user.id))}
          />
        ) : null}
        <MenuItem icon="warning" text={t('message.report')} onChoose={() => setReporting(true)} />
        <MenuItem icon="block" text={t('people.block')} isDangerous onChoose={() => askBlock(true)} />
      </ActionsMenu>
      {isReporting ? (
        <Lazy
          load={reportDialog}
          name={user.displayName}
          targetType="user"
          targetId={user.id}
          onClose={endReport}
          onFailed={endReport}
        />
      ) : null}
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
