import { useState } from 'preact/hooks';
import { attempt, notify } from '../app/toasts.js';
import { t } from '../texts/texts.js';
import '../texts/more.js';
import { publicPost } from './public-calls.js';
import { client } from './client.js';
import { CodeField } from './fields.js';
import { Form } from './form.js';

/**
 * The code that was mailed to a new account's e-mail address.
 * @param wasSent just now; a log-in that is refused for want of it mails none
 */
export default function CodeForm({ email, wasSent }: { email: string; wasSent: boolean }) {
  const [isSent, setSent] = useState(wasSent);
  const sendAgain = async (): Promise<void> => {
    const isDone = await attempt(() => publicPost('/auth/resend-otp', { email }));
    if (!isDone) return;
    setSent(true);
    notify(t('session.codeSent', { email }));
  };
  return (
    <>
      <p role="status">{t(isSent ? 'session.codeSent' : 'session.codeNeeded', { email })}</p>
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
