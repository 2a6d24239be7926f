import type { Block, Session } from '@parley/client';
import { useMe } from '@parley/client/react';
import { useState } from 'preact/hooks';
import { PaneHead } from '../app/PaneHead.js';
import { attempt, notify } from '../app/toasts.js';
import { Avatar } from '../design/Avatar.js';
import { client } from '../session/client.js';
import { Field, Form } from '../session/form.js';
import { t } from '../texts/texts.js';
import '../texts/more.js';
import { AccountSection } from './AccountSection.js';
import { BlockedSection } from './BlockedSection.js';
import { NotificationsSection } from './NotificationsSection.js';
import { PasswordSection } from './PasswordSection.js';
import { usePages } from './pages.js';
import { PictureButton } from './PictureButton.js';
import { SessionsSection } from './SessionsSection.js';
import { setTheme, type Theme, theme } from './theme.js';
import '../people/people.css';
import './settings.css';

export default function SettingsPage() {
  return (
    <main class="pane">
      <PaneHead title={t('settings.title')} />
      <div class="pane-body">
        <div class="column">
          <Profile />
          <Appearance />
          <NotificationsSection />
          <PasswordSection />
          <AccountSection />
          <Lists />
        </div>
      </div>
    </main>
  );
}

/** What comes later, and can be long, stands below everything else and comes at once: no button moves while it is pressed. */
function Lists() {
  const sessions = usePages<Session>('/auth/sessions');
  const blocks = usePages<Block>('/blocks');
  if (!sessions.isReady || !blocks.isReady) return null;
  return (
    <>
      <SessionsSection {...sessions} />
      <BlockedSection {...blocks} />
    </>
  );
}

function Profile() {
  const me = useMe();
  // What is typed stays while another device changes something here.
  const [saved, countSaved] = useState(0);
  if (me === undefined) return null;
  const save = async ({ displayName = '', username = '' }: Record<string, string>): Promise<void> => {
    await client.users.update({
      ...(displayName.trim() === me.displayName ? {} : { displayName: displayName.trim() }),
      ...(username.trim() === me.username ? {} : { username: username.trim() }),
    });
    countSaved((count) => count + 1);
    notify(t('app.saved'));
  };
  return (
    <section class="section">
      <h2>{t('settings.profile')}</h2>
      <div class="row wrap">
        <Avatar id={me.id} name={me.displayName} url={me.avatarUrl} size={72} />
        <PictureButton label={t('settings.picture')} onUploaded={(avatarId) => client.users.update({ avatarId })} />
        {me.avatarUrl === null ? null : (
          <button
            type="button"
            class="button"
            onClick={() => void attempt(() => client.users.update({ avatarUrl: null }))}
          >
            {t('settings.removePicture')}
          </button>
        )}
      </div>
      <Form key={saved} submit={t('app.save')} fields={['displayName', 'username']} onSubmit={save}>
        {(faults) => (
          <>
            <Field
              label={t('session.displayName')}
              name="displayName"
              value={me.displayName}
              maxLength={64}
              fault={faults['displayName']}
            />
            <Field
              label={t('session.username')}
              name="username"
              value={me.username}
              maxLength={64}
              hint={t('session.usernameHint')}
              fault={faults['username']}
            />
          </>
        )}
      </Form>
    </section>
  );
}

const THEMES: readonly Theme[] = ['system', 'light', 'dark'];

function Appearance() {
  const [chosen, choose] = useState(theme);
  return (
    <section class="section">
      <h2>{t('settings.appearance')}</h2>
      <fieldset class="segments">
        <legend class="hidden-text">{t('settings.theme')}</legend>
        {THEMES.map((name) => (
          <label key={name} class={name === chosen ? 'segment chosen' : 'segment'}>
            <input
              type="radio"
              name="theme"
              class="hidden-text"
              checked={name === chosen}
              onChange={() => {
                setTheme(name);
                choose(name);
              }}
            />
            {t(`settings.theme.${name}`)}
          </label>
        ))}
      </fieldset>
    </section>
  );
}
