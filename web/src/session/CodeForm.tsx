import { attempt, notify } from '../app/toasts.js';
import { t } from '../texts/texts.js';
import '../texts/more.js';
import { publicPost } from './public-calls.js';
import { client } from './client.js';
import { CodeField } from './fields.js';
import { Form } from './form.js';

/** The code that was mailed to a new account's e-mail address. */
export default function CodeForm({ email }: { email: string }) {
  const sendAgain = async (): Promise<void> => {
    const isSent = await attempt(() => publicPost('/auth/resend-otp', { email }));
    if (isSent) notify(t('session.codeSent', { email }));
  };
  return (
    <>
      <p role="status">{t('session.codeSent', { email })}</p>
      <Form
        submit={t('session.verify')}
        fields={['otp']}
        onSubmit={({ otp = '' }) => client.verify({ email, otp: otp.trim() })}
      >
        {(faults) => <CodeField fault={faults['otp']} />}
      </Form>
      <button type="button" class="link-button small" onClick={() => void sendAgain()}>
        {t('session.resend')}
      </button>
    </>
  );
}
