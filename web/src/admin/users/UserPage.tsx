import { useState } from 'preact/hooks';
import { attempt, notify } from '../../app/toasts.js';
import { Avatar } from '../../design/Avatar.js';
import { Confirm } from '../../design/Confirm.js';
import { Dialog } from '../../design/Dialog.js';
import { client } from '../../session/client.js';
import { download } from '../../settings/download.js';
import { agoOf, fullTimeOf, t } from '../../texts/texts.js';
import { ActDialog } from '../act.js';
import { AuditRow, type AuditEntry } from '../AuditPage.js';
import { useList, useOne } from '../lists.js';
import { Copyable, Facts, Fault, Head, ListOf, Time } from '../parts.js';
import { type AdminUser, stateOf, StateTag } from './user-state.js';

interface SessionOfUser {
  id: string;
  deviceName: string | null;
  ip: string | null;
  lastUsedAt: string;
}

/** The sessions are those that were used last. */
interface WholeUser extends AdminUser {
  sessionCount: number;
  sessions: readonly SessionOfUser[];
  deviceCount: number;
  openReportCount: number;
  lastUsedAt: string | null;
}

/** Shown once. */
interface ResetCode {
  otp: string;
  expiresAt: string;
  email: string;
}

type Act = 'suspend' | 'ban' | 'restore' | 'end-sessions';
/** Of administrators alone. */
type AdminAct = 'reset-password' | 'delete';

/** One user: who it is, where it is logged in, and what can be done. */
export function UserPage({ id, isAdmin }: { id: string; isAdmin: boolean }) {
  const path = `/admin/users/${id}`;
  const { value: user, fault, reload } = useOne<WholeUser>(path);
  const [asks, ask] = useState<Act | AdminAct>();
  const [acts, setActs] = useState(0);
  const [code, setCode] = useState<ResetCode>();
  if (fault !== undefined) return <Fault text={fault} onRetry={reload} />;
  if (user === undefined) return <p class="soft">{t('admin.loading')}</p>;
  const state = stateOf(user);
  const act = async (name: Act, body: object = {}): Promise<void> => {
    await client.http.request(`${path}/${name}`, { method: 'POST', body });
    notify(t(`admin.done.${name}`));
    setActs(acts + 1);
    reload();
  };
  const resetPassword = async (reason: string): Promise<void> => {
    const { body } = await client.http.request<ResetCode>(`${path}/reset-password`, {
      method: 'POST',
      body: reason === '' ? {} : { reason },
    });
    setCode(body);
    setActs(acts + 1);
  };
  const remove = async (reason: string): Promise<void> => {
    await client.http.request(path, { method: 'DELETE', body: reason === '' ? {} : { reason } });
    notify(t('admin.done.delete'));
    setActs(acts + 1);
    reload();
  };
  return (
    <>
      <Head title={user.displayName} above={{ name: 'users' }}>
        <StateTag state={state} />
      </Head>
      <div class="card padded stack">
        <div class="row">
          <Avatar id={user.id} name={user.displayName} url={user.avatarUrl} size={56} />
          <span class="stack-tight grow">
            <strong>@{user.username}</strong>
            {user.email === null ? null : <span class="soft small cut">{user.email}</span>}
          </span>
        </div>
        <Facts
          facts={[
            [
              t('admin.role'),
              isAdmin && user.id !== client.userId && state !== 'deleted' ? (
                <RoleChoice key="role" user={user} onChanged={reload} />
              ) : (
                t(`admin.role.${user.role}`)
              ),
            ],
            [t('admin.created'), <Time key="created" at={user.createdAt} />],
            [t('admin.lastSeen'), <Time key="used" at={user.lastUsedAt} />],
            [t('admin.devices'), String(user.deviceCount)],
            [t('admin.openReports'), String(user.openReportCount)],
            ...(user.suspension === null
              ? []
              : ([
                  [t('admin.until'), <Time key="until" at={user.suspension.until} none={t('admin.forGood')} />],
                  [t('admin.reason'), user.suspension.reason ?? '–'],
                ] as const)),
          ]}
        />
        <Copyable text={user.id} label={t('admin.userId')} />
      </div>
      <div class="row wrap">
        {state === 'deleted' ? null : state === 'active' ? (
          <>
            <button type="button" class="button" onClick={() => ask('suspend')}>
              {t('admin.suspend')}
            </button>
            <button type="button" class="button danger" onClick={() => ask('ban')}>
              {t('admin.ban')}
            </button>
          </>
        ) : (
          <button type="button" class="button" onClick={() => ask('restore')}>
            {t('admin.restore')}
          </button>
        )}
        <button type="button" class="button" disabled={user.sessionCount === 0} onClick={() => ask('end-sessions')}>
          {t('admin.end-sessions')}
        </button>
        {isAdmin && state !== 'deleted' && user.id !== client.userId ? (
          <>
            {user.email === null ? null : (
              <button type="button" class="button" onClick={() => ask('reset-password')}>
                {t('admin.reset-password')}
              </button>
            )}
            <a class="button" href={`${path}/export`} download="export.json" onClick={download}>
              {t('admin.export')}
            </a>
            <button type="button" class="button danger" onClick={() => ask('delete')}>
              {t('admin.delete')}
            </button>
          </>
        ) : null}
      </div>
      <section class="section">
        <h2>
          {t('admin.sessions')} ({user.sessionCount})
        </h2>
        {user.sessions.length === 0 ? (
          <p class="soft card padded">{t('admin.noSessions')}</p>
        ) : (
          <ul class="card">
            {user.sessions.map(({ id: sessionId, deviceName, ip, lastUsedAt }) => (
              <li key={sessionId} class="entry">
                <strong dir="auto">{deviceName ?? '–'}</strong>
                <span class="soft small">
                  {t('settings.lastUsed', { when: agoOf(lastUsedAt) })}
                  {ip === null ? '' : ` · ${ip}`}
                </span>
              </li>
            ))}
          </ul>
        )}
      </section>
      {isAdmin ? <History key={acts} userId={id} /> : null}
      {asks === 'suspend' || asks === 'ban' ? (
        <ActDialog
          title={t(`admin.${asks}`)}
          text={t(`admin.${asks}Question`, { name: user.displayName })}
          confirm={t(`admin.${asks}`)}
          isDangerous
          needsReason
          hasEnd={asks === 'suspend'}
          onConfirm={({ reason, until }) => act(asks, asks === 'suspend' ? { reason, until } : { reason })}
          onClose={() => ask(undefined)}
        />
      ) : asks === 'reset-password' || asks === 'delete' ? (
        <ActDialog
          title={t(`admin.${asks}`)}
          text={t(`admin.${asks}Question`, { name: user.displayName })}
          confirm={t(`admin.${asks}`)}
          isDangerous={asks === 'delete'}
          onConfirm={({ reason }) => (asks === 'delete' ? remove(reason) : resetPassword(reason))}
          onClose={() => ask(undefined)}
        />
      ) : asks === undefined ? null : (
        <Confirm
          title={t(`admin.${asks}`)}
          text={t(`admin.${asks}Question`, { name: user.displayName })}
          confirm={t(`admin.${asks}`)}
          onConfirm={() => void attempt(() => act(asks))}
          onClose={() => ask(undefined)}
        />
      )}
      {code === undefined ? null : (
        <Dialog title={t('admin.resetCode')} onClose={() => setCode(undefined)} isShownOnce>
          <p>{t('admin.resetCodeHint', { email: code.email, at: fullTimeOf(code.expiresAt) })}</p>
          <Copyable text={code.otp} label={t('admin.resetCode')} />
        </Dialog>
      )}
    </>
  );
}

/** Takes effect at once, so it is asked for. */
function RoleChoice({ user: { id, role, displayName }, onChanged }: { user: AdminUser; onChanged: () => void }) {
  const [chosen, choose] = useState<AdminUser['role']>();
  const grant = (): Promise<boolean> =>
    attempt(async () => {
      try {
        await client.http.request(`/admin/users/${id}/role`, { method: 'PUT', body: { role: chosen } });
        notify(t('app.saved'));
      } finally {
        onChanged();
      }
    });
  return (
    <>
      <select
        class="input"
        aria-label={t('admin.role')}
        value={chosen ?? role}
        onChange={({ currentTarget }) => {
          const wanted = currentTarget.value as AdminUser['role'];
          choose(wanted === role ? undefined : wanted);
        }}
      >
        {(['USER', 'MODERATOR', 'ADMIN'] as const).map((name) => (
          <option key={name} value={name}>
            {t(`admin.role.${name}`)}
          </option>
        ))}
      </select>
      {chosen === undefined ? null : (
        <Confirm
          title={t('admin.role')}
          text={t('admin.roleQuestion', { name: displayName, role: t(`admin.role.${chosen}`) })}
          confirm={t('admin.change')}
          onConfirm={() => void grant()}
          onClose={() => choose(undefined)}
        />
      )}
    </>
  );
}

/** What was done to the user, as the audit says. */
function History({ userId }: { userId: string }) {
  const list = useList<AuditEntry>('/admin/audit', { targetType: 'user', targetId: userId });
  return (
    <section class="section">
      <h2>{t('admin.history')}</h2>
      <ListOf list={list} label={t('admin.history')} none={t('admin.noHistory')}>
        {(entry) => <AuditRow key={entry.id} entry={entry} />}
      </ListOf>
    </section>
  );
}
