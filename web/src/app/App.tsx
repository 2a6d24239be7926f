import { useEffect } from 'preact/hooks';
import { useConnection, useUnread } from '@parley/client/react';
import { Sidebar } from '../conversations/Sidebar.js';
import { ConversationPage } from '../messages/ConversationPage.js';
import { Toasts } from '../design/toasts.js';
import { client } from '../session/client.js';
import { followInvitation } from '../session/invitation.js';
import { followOtherTabs } from '../session/other-tabs.js';
import { t } from '../texts/texts.js';
import { Lazy } from './Lazy.js';
import { type Place, usePlace } from './router.js';
import { Welcome } from './Welcome.js';

const sessionPage = () => import('../session/SessionPage.js');
const nowhere = () => import('./Nowhere.js');
const peoplePage = () => import('../people/PeoplePage.js');
const settingsPage = () => import('../settings/SettingsPage.js');
const adminPage = () => import('../admin/AdminPage.js');
const newGroupPage = () => import('../people/NewGroupPage.js');

export function App() {
  const { status } = useConnection();
  const userId = client.userId;
  const isLoggedIn = userId !== undefined && status !== 'ended';
  const place = usePlace();
  return (
    <>
      {isLoggedIn ? (
        place.name === 'admin' ? (
          <Lazy key={userId} load={adminPage} />
        ) : (
          <Chat key={userId} userId={userId} place={place} />
        )
      ) : place.name === 'nowhere' ? (
        <Lazy load={nowhere} what="app.nowhere" />
      ) : (
        <Lazy load={sessionPage} />
      )}
      <Toasts />
    </>
  );
}

function Chat({ userId, place }: { userId: string; place: Place }) {
  useEffect(() => {
    followOtherTabs(userId);
    void followInvitation();
  }, [userId]);
  return (
    <div class={`chat fill ${place.name === 'home' ? 'at-home' : ''}`}>
      <UnreadTitle />
      <button type="button" class="skip button" onClick={skip}>
        {t('app.skip')}
      </button>
      <Sidebar />
      {place.name === 'conversation' ? (
        <ConversationPage key={place.id} id={place.id} seq={place.seq} />
      ) : place.name === 'people' ? (
        <Lazy key="people" load={peoplePage} words={place.words} />
      ) : place.name === 'settings' ? (
        <Lazy key="settings" load={settingsPage} />
      ) : place.name === 'new' ? (
        <Lazy key="new" load={newGroupPage} />
      ) : place.name === 'nowhere' ? (
        <Lazy load={nowhere} what="app.nowhere" />
      ) : (
        <Welcome />
      )}
    </div>
  );
}

/** Past the list of conversations, for who goes by keyboard. */
function skip(): void {
  const main = document.querySelector('main');
  const target = main?.querySelector<HTMLElement>('textarea') ?? main?.querySelector<HTMLElement>('input, a, button');
  target?.focus();
}

/** What the tab says while it is not looked at. */
function UnreadTitle() {
  const unread = useUnread();
  useEffect(() => {
    document.title = unread > 0 ? `(${unread}) ${t('app.name')}` : t('app.name');
    return () => void (document.title = t('app.name'));
  }, [unread]);
  return null;
}
