import { useState } from 'preact/hooks';
import { notify } from '../app/toasts.js';
import { client } from '../session/client.js';
import { CurrentPasswordField, NewPasswordField } from '../session/fields.js';
import { Form } from '../session/form.js';
import { t } from '../texts/texts.js';
import { wrongPassword } from './wrong-password.js';

export function PasswordSection() {
  const [times, setTimes] = useState(0);
  const change = async ({ currentPassword = '', newPassword = '' }: Record<string, string>): Promise<void> => {
    await wrongPassword(() =>
      client.http.request('/auth/change-password', { method: 'POST', body: { currentPassword, newPassword } }),
    );
    notify(t('settings.passwordChanged'));
    setTimes(times + 1);
  };
  return (
    <section class="section">
      <h2>{t('settings.password')}</h2>
      <Form
        key={times}
        submit={t('settings.changePassword')}
        fields={['currentPassword', 'newPassword']}
        onSubmit={change}
      >
        {(faults) => (
          <>
            <CurrentPasswordField
              label={t('session.currentPassword')}
              name="currentPassword"
              fault={faults['currentPassword']}
            />
            <NewPasswordField label={t('session.newPassword')} name="newPassword" fault={faults['newPassword']} />
          </>
        )}
      </Form>
    </section>
  );
}
