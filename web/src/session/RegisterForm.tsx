import { t } from '../texts/texts.js';
import '../texts/more.js';
import { client } from './client.js';
import { EmailField, NewPasswordField } from './fields.js';
import { Field, Form } from './form.js';

const FIELDS = ['displayName', 'username', 'email', 'password'];

export default function RegisterForm({ onUnverified }: { onUnverified: (email: string) => void }) {
  const register = async ({ displayName = '', username = '', email = '', password = '' }): Promise<void> => {
    const name = displayName.trim();
    const account = { username: username.trim(), email, password };
    const answer = await client.register({ ...account, ...(name === '' ? {} : { displayName: name }) });
    if ('verification' in answer) onUnverified(email);
  };
  return (
    <Form submit={t('session.register')} fields={FIELDS} onSubmit={register}>
      {(faults) => (
        <>
          <Field
            label={t('session.displayName')}
            name="displayName"
            autocomplete="name"
            maxLength={64}
            fault={faults['displayName']}
          />
          <Field
            label={t('session.username')}
            name="username"
            autocomplete="username"
            maxLength={64}
            hint={t('session.usernameHint')}
            fault={faults['username']}
          />
          <EmailField fault={faults['email']} />
          <NewPasswordField label={t('session.password')} name="password" fault={faults['password']} />
        </>
      )}
    </Form>
  );
}
