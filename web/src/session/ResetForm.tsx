import { useState } from 'preact/hooks';
import { useBack } from '../app/router.js';
import { t } from '../texts/texts.js';
import '../texts/more.js';
import { Field, Form } from './form.js';
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
        {(faults) => (
          <Field
            label={t('session.email')}
            name="email"
            type="email"
            autocomplete="email"
            hint={t('session.forgotHint')}
            fault={faults['email']}
          />
        )}
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
          <Field
            label={t('session.code')}
            name="otp"
            autocomplete="one-time-code"
            inputMode="numeric"
            maxLength={12}
            fault={faults['otp']}
          />
          <Field
            label={t('session.newPassword')}
            name="newPassword"
            type="password"
            autocomplete="new-password"
            minLength={8}
            maxLength={128}
            hint={t('session.passwordHint')}
            fault={faults['newPassword']}
          />
        </>
      )}
    </Form>
  );
}
