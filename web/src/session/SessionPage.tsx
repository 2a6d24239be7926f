import { useEffect, useState } from 'preact/hooks';
import { useConnection } from '@parley/client/react';
import { Lazy } from '../app/Lazy.js';
import { Logo } from '../design/Logo.js';
import { t } from '../texts/texts.js';
import '../texts/more.js';
import { acceptInvitation, invitation } from './invitation.js';
import { leave } from './leave.js';
import { LoginForm } from './LoginForm.js';
import './session.css';

const registerForm = () => import('./RegisterForm.js');
const codeForm = () => import('./CodeForm.js');
const resetForm = () => import('./ResetForm.js');

type Step =
  | { name: 'login'; note?: string }
  | { name: 'register' }
  | { name: 'reset' }
  | { name: 'code'; email: string; isSent: boolean };

/** Nobody is logged in. */
export default function SessionPage() {
  const { code } = useConnection();
  const invitedBy = invitation();
  const [step, show] = useState<Step>(() => ({ name: invitedBy === undefined ? 'login' : 'register' }));
  // The log-out that follows has no code.
  const [isDeleted, setDeleted] = useState(false);
  useEffect(() => {
    if (code !== 'ACCOUNT_DELETED') return;
    setDeleted(true);
    // Nobody can log in to what is stored here any more.
    leave().catch(() => undefined);
  }, [code]);
  const ended = isDeleted ? t('session.deleted') : endedText(code);
  const note = step.name === 'login' ? (step.note ?? ended) : undefined;
  return (
    <main class="session fill" onSubmit={acceptInvitation}>
      <div class="session-card">
        <Logo />
        <h1>{t('session.welcome')}</h1>
        <p class="soft">{invitedBy === undefined ? t('session.pitch') : t('session.invited', { name: invitedBy })}</p>
        {note === undefined ? null : (
          <p class="note" role="status">
            {note}
          </p>
        )}
        {step.name === 'login' ? (
          <LoginForm
            onUnverified={(email) => show({ name: 'code', email, isSent: false })}
            onForgot={() => show({ name: 'reset' })}
          />
        ) : step.name === 'register' ? (
          <Lazy load={registerForm} onUnverified={(email: string) => show({ name: 'code', email, isSent: true })} />
        ) : step.name === 'code' ? (
          <Lazy load={codeForm} email={step.email} wasSent={step.isSent} />
        ) : (
          <Lazy
            load={resetForm}
            onDone={() => show({ name: 'login', note: t('session.resetDone') })}
            onBack={() => show({ name: 'login' })}
          />
        )}
        <button
          type="button"
          class="link-button"
          onClick={() => show(step.name === 'login' ? { name: 'register' } : { name: 'login' })}
        >
          {step.name === 'login' ? t('session.toRegister') : t('session.toLogin')}
        </button>
      </div>
    </main>
  );
}

/** A user who has logged out, here or in another tab, knows it. */
function endedText(code: string | undefined): string | undefined {
  if (code === undefined || code === 'LOGGED_OUT') return undefined;
  return code === 'STORAGE' ? t('connection.storage') : t('session.ended');
}
