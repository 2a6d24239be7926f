import { useState } from 'preact/hooks';
import { useBack } from '../design/back.js';
import { t } from '../texts/texts.js';
import '../texts/more.js';
import { CodeField, EmailField, NewPasswordField } from './fields.js';
import { Form } from './form.js';
import { publicPost } from './public-calls.js';

/** A new password by a code that is mailed. */
export default function ResetForm({ onDone, onBack }: { onDone: () => void; onBack: () => void }) {
  useBack(onBack);
  const [email, setEmail] = useState<string>();
  if (email === undefined) {
    const ask = async ({ email = '' }: Record<string, string>): Promise<void> => {
      await publicPost('/auth/forgot-password', { email });
      setEmail(email);
    };
    return (
      <Form key="ask" submit={t('session.sendCode')} fields={['email']} onSubmit={ask}>
        {(faults) => <EmailField hint={t('session.forgotHint')} fault={faults['email']} />}
      </Form>
    );
  }
  const reset = async ({ otp = '', newPassword = '' }: Record<string, string>): Promise<void> => {
    await publicPost('/auth/reset-password', { email, otp: otp.trim(), newPassword });
    onDone();
  };
  return (
    <Form key="reset" submit={t('session.reset')} fields={['otp', 'newPassword']} onSubmit={reset}>
      {(faults) => (
        <>
          <p role="status">{t('session.codeSent', { email })}</p>
          <CodeField fault={faults['otp']} />
          <NewPasswordField label={t('session.newPassword')} name="newPassword" fault={faults['newPassword']} />
        </>
      )}
    </Form>
  );
}
