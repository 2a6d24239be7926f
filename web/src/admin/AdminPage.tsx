import { useMe } from '@parley/client/react';
import { ChatError } from '@parley/client';
import { useEffect, useRef, useState } from 'preact/hooks';
import Nowhere from '../app/Nowhere.js';
import { linkTo } from '../app/router.js';
import { AnyIcon, type AnyIconName } from '../design/more-icons.js';
import { Logo } from '../design/Logo.js';
import { client } from '../session/client.js';
import { errorText } from '../texts/error-text.js';
import { t } from '../texts/texts.js';
import '../texts/admin.js';
import '../texts/more.js';
import '../people/people.css';
import { AuditPage } from './AuditPage.js';
import { KeysPage } from './KeysPage.js';
import { ReportPage } from './reports/ReportPage.js';
import { ReportsPage } from './reports/ReportsPage.js';
import { linkOf, type SectionName, useSection } from './section.js';
import { ServerPage } from './ServerPage.js';
import { UserPage } from './users/UserPage.js';
import { UsersPage } from './users/UsersPage.js';
import { WebhookPage } from './webhooks/WebhookPage.js';
import { WebhooksPage } from './webhooks/WebhooksPage.js';
import './admin.css';

type Role = 'MODERATOR' | 'ADMIN';

const ICONS: Readonly<Record<SectionName, AnyIconName>> = {
  reports: 'warning',
  users: 'people',
  audit: 'clock',
  keys: 'copy',
  webhooks: 'link',
  server: 'settings',
};
const SECTIONS_OF: Readonly<Record<Role, readonly SectionName[]>> = {
  MODERATOR: ['reports', 'users', 'server'],
  ADMIN: ['reports', 'users', 'audit', 'keys', 'webhooks', 'server'],
};

/** Whether something of the server's is there for this user: what its role may not see is answered 404. */
async function exists(path: string): Promise<boolean> {
  try {
    await client.http.request(path, { query: { limit: 1 } });
    return true;
  } catch (error) {
    if (error instanceof ChatError && error.status === 404) return false;
    throw error;
  }
}

async function ownRole(): Promise<Role | undefined> {
  if (!(await exists('/admin/reports'))) return undefined;
  return (await exists('/admin/audit')) ? 'ADMIN' : 'MODERATOR';
}

/** The moderators' page at /admin. The server decides what they may do; this only leaves out what it would refuse. */
export default function AdminPage() {
  const [role, setRole] = useState<Role | 'none'>();
  const [error, setError] = useState<unknown>();
  const ask = (): void => {
    setError(undefined);
    ownRole().then((found) => setRole(found ?? 'none'), setError);
  };
  useEffect(ask, []);
  useEffect(() => {
    document.title = t('admin.title');
  }, []);
  if (error !== undefined)
    return (
      <main class="pane">
        <div class="empty">
          <p>{errorText(error)}</p>
          <button type="button" class="button" onClick={ask}>
            {t('app.retry')}
          </button>
        </div>
      </main>
    );
  if (role === undefined) return <main class="pane" aria-busy="true" />;
  if (role === 'none') return <Nowhere what="app.nowhere" />;
  return <Shell role={role} />;
}

function Shell({ role }: { role: Role }) {
  const me = useMe();
  const sections = SECTIONS_OF[role];
  const { name, id } = useSection();
  const shown = sections.includes(name) ? name : 'reports';
  const main = useRef<HTMLElement>(null);
  // A screen reader announces its name to who cannot see that the page is another one.
  useEffect(() => {
    main.current?.scrollTo(0, 0);
    main.current?.querySelector<HTMLElement>('h1')?.focus();
  }, [shown, id]);
  return (
    <div class="admin fill">
      <nav class="admin-nav" aria-label={t('admin.title')}>
        <span class="admin-brand">
          <Logo />
          <strong>{t('admin.title')}</strong>
        </span>
        <ul>
          {sections.map((section) => (
            <li key={section}>
              <a href={linkOf({ name: section })} aria-current={section === shown ? 'page' : undefined}>
                <AnyIcon name={ICONS[section]} size={18} />
                {t(`admin.${section}`)}
              </a>
            </li>
          ))}
        </ul>
        <a class="admin-leave" {...linkTo({ name: 'home' })}>
          <AnyIcon name="back" size={18} />
          <span class="cut">{t('admin.leave')}</span>
          {me === undefined ? null : <span class="soft small cut admin-me">{me.displayName}</span>}
        </a>
      </nav>
      <main class="admin-main" ref={main}>
        <div class="admin-column" key={`${shown}/${id ?? ''}`}>
          {shown === 'users' ? (
            id === undefined ? (
              <UsersPage />
            ) : (
              <UserPage id={id} isAdmin={role === 'ADMIN'} />
            )
          ) : shown === 'audit' ? (
            <AuditPage />
          ) : shown === 'keys' ? (
            <KeysPage />
          ) : shown === 'webhooks' ? (
            id === undefined ? (
              <WebhooksPage />
            ) : (
              <WebhookPage id={id} />
            )
          ) : shown === 'server' ? (
            <ServerPage />
          ) : id === undefined ? (
            <ReportsPage />
          ) : (
            <ReportPage id={id} />
          )}
        </div>
      </main>
    </div>
  );
}
