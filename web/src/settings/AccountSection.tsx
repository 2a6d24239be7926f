import { useState } from 'preact/hooks';
import { attempt } from '../app/toasts.js';
import { Confirm } from '../design/Confirm.js';
import { Dialog } from '../design/Dialog.js';
import { AnyIcon } from '../design/more-icons.js';
import { client } from '../session/client.js';
import { CurrentPasswordField } from '../session/fields.js';
import { Form } from '../session/form.js';
import { leave } from '../session/leave.js';
import { t } from '../texts/texts.js';
import { download } from './download.js';
import { wrongPassword } from './wrong-password.js';

type Departure = 'logout' | 'logoutAll';

async function logOut(departure: Departure): Promise<void> {
  await attempt(async () => {
    if (departure === 'logoutAll') await client.http.request('/auth/logout-all', { method: 'POST' });
    await leave();
  });
}

export function AccountSection() {
  const [question, ask] = useState<Departure | 'delete'>();
  const unsentCount = (): number => client.outbox.items.filter(({ command }) => command.type === 'send').length;
  const askOrLogOut = (departure: Departure): void => (unsentCount() > 0 ? ask(departure) : void logOut(departure));
  const remove = async ({ password = '' }: Record<string, string>): Promise<void> => {
    await wrongPassword(() => client.http.request('/users/me', { method: 'DELETE', body: { password } }));
    await leave();
  };
  return (
    <section class="section">
      <h2>{t('settings.account')}</h2>
      <div class="row wrap">
        <button type="button" class="button" onClick={() => askOrLogOut('logout')}>
          <AnyIcon name="logout" size={18} />
          {t('settings.logout')}
        </button>
        <button type="button" class="button" onClick={() => askOrLogOut('logoutAll')}>
          {t('settings.logoutAll')}
        </button>
        <a class="button" href="/users/me/export" download="export.json" onClick={download}>
          <AnyIcon name="download" size={18} />
          {t('settings.export')}
        </a>
        <button type="button" class="button danger" onClick={() => ask('delete')}>
          {t('settings.delete')}
        </button>
      </div>
      {question === 'logout' || question === 'logoutAll' ? (
        <Confirm
          title={t(`settings.${question}`)}
          text={t('settings.logoutQuestion', { count: unsentCount() })}
          confirm={t(`settings.${question}`)}
          onConfirm={() => void logOut(question)}
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
