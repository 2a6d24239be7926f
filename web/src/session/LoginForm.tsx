import { ChatError } from '@parley/client';
import { t } from '../texts/texts.js';
import { client } from './client.js';
import { CurrentPasswordField } from './fields.js';
import { Field, Form } from './form.js';

interface Properties {
  onUnverified: (email: string) => void;
  onForgot: () => void;
}

export function LoginForm({ onUnverified, onForgot }: Properties) {
  const logIn = async ({ name: typed = '', password = '' }: Record<string, string>): Promise<void> => {
    // Usernames are shown with an `@`.
    const name = typed.trim().replace(/^@/, '');
    try {
      await client.login(name.includes('@') ? { email: name, password } : { username: name, password });
    } catch (error) {
      if (!(error instanceof ChatError) || error.code !== 'EMAIL_NOT_VERIFIED' || !name.includes('@')) throw error;
      onUnverified(name);
    }
  };
  return (
    <>
      <Form submit={t('session.login')} fields={['name', 'password']} onSubmit={logIn}>
        {() => (
          <>
            <Field label={t('session.name')} name="name" autocomplete="username" maxLength={254} />
            <CurrentPasswordField label={t('session.password')} name="password" />
          </>
        )}
      </Form>
      <button type="button" class="link-button small" onClick={onForgot}>
        {t('session.forgot')}
      </button>
    </>
  );
}
