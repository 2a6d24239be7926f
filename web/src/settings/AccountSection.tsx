import { useState } from 'preact/hooks';
import { go } from '../app/router.js';
import { attempt } from '../app/toasts.js';
import { Confirm } from '../design/Confirm.js';
import { Dialog } from '../design/Dialog.js';
import { AnyIcon } from '../design/more-icons.js';
import { forgetPickedFiles } from '../messages/picked-files.js';
import { removeFiles } from '../messages/files-database.js';
import { client } from '../session/client.js';
import { turnOff } from '../push/notifications.js';
import { CurrentPasswordField } from '../session/fields.js';
import { Form } from '../session/form.js';
import { followOtherTabs } from '../session/other-tabs.js';
import { t } from '../texts/texts.js';
import { wrongPassword } from './wrong-password.js';

/** After it nothing of the user is left on this device. */
async function leave(): Promise<void> {
  // While the session is still there: the next user of this browser gets none of this one's notifications.
  await turnOff().catch(() => undefined);
  await client.logout();
  forgetPickedFiles();
  await removeFiles().catch(() => undefined);
  followOtherTabs(undefined);
  go({ name: 'home' }, { replace: true });
}

export function AccountSection() {
  const [question, ask] = useState<'logout' | 'delete'>();
  const unsentCount = (): number => client.outbox.items.filter(({ command }) => command.type === 'send').length;
  const logOutAll = (): void => {
    void attempt(async () => {
      await client.http.request('/auth/logout-all', { method: 'POST' });
      await leave();
    });
  };
  const remove = async ({ password = '' }: Record<string, string>): Promise<void> => {
    await wrongPassword(() => client.http.request('/users/me', { method: 'DELETE', body: { password } }));
    await leave();
  };
  return (
    <section class="section">
      <h2>{t('settings.account')}</h2>
      <div class="row wrap">
        <button type="button" class="button" onClick={() => (unsentCount() > 0 ? ask('logout') : void leave())}>
          <AnyIcon name="logout" size={18} />
          {t('settings.logout')}
        </button>
        <button type="button" class="button" onClick={logOutAll}>
          {t('settings.logoutAll')}
        </button>
        <a class="button" href="/users/me/export" download="export.json">
          <AnyIcon name="download" size={18} />
          {t('settings.export')}
        </a>
        <button type="button" class="button danger" onClick={() => ask('delete')}>
          {t('settings.delete')}
        </button>
      </div>
      {question === 'logout' ? (
        <Confirm
          title={t('settings.logout')}
          text={t('settings.logoutQuestion', { count: unsentCount() })}
          confirm={t('settings.logout')}
          onConfirm={() => void leave()}
          onClose={() => ask(undefined)}
        />
      ) : question === 'delete' ? (
        <Dialog title={t('settings.delete')} onClose={() => ask(undefined)} class="confirm">
          <p>{t('settings.deleteHint')}</p>
          <Form submit={t('settings.deleteConfirm')} isDangerous fields={['password']} onSubmit={remove}>
            {(faults) => (
              <CurrentPasswordField label={t('session.password')} name="password" fault={faults['password']} />
            )}
          </Form>
        </Dialog>
      ) : null}
    </section>
  );
}
