import { useEffect, useState } from 'preact/hooks';
import { AnyIcon } from '../design/more-icons.js';
import { client } from '../session/client.js';
import { download } from '../settings/download.js';
import { admin } from '../texts/en-admin.js';
import { agoOf, fullTimeOf, has, t } from '../texts/texts.js';
import { useList } from './lists.js';
import { Head, ListOf, Select } from './parts.js';
import { linkOf } from './section.js';
import type { AdminUser } from './users/user-state.js';

export interface AuditEntry {
  id: string;
  at: string;
  actorId: string | null;
  action: string;
  targetType: string;
  targetId: string | null;
  reason: string | null;
  ip: string | null;
  details: Readonly<Record<string, unknown>> | null;
}

const ACTION_TEXT = 'admin.action.';
/** Every act, as there is a text for each. */
const ACTIONS = Object.keys(admin)
  .filter((name) => name.startsWith(ACTION_TEXT))
  .map((name) => name.slice(ACTION_TEXT.length));

/** What was done by whom, the newest first. Nothing of it can be changed. */
export function AuditPage() {
  const [action, setAction] = useState('');
  const [days, setDays] = useState('');
  const [since, setSince] = useState<string>();
  const list = useList<AuditEntry>('/admin/audit', { action: action === '' ? undefined : action, since });
  return (
    <>
      <Head title={t('admin.audit')}>
        <a class="button small" href={exportUrl(action, since)} download="audit.csv" onClick={download}>
          <AnyIcon name="download" size={18} />
          {t('admin.exportAudit')}
        </a>
      </Head>
      <div class="row wrap filters">
        <Select
          label={t('admin.action')}
          value={action}
          options={[['', t('admin.all')], ...ACTIONS.map((name) => [name, actionText(name)] as const)]}
          onChange={setAction}
        />
        <Select
          label={t('admin.since')}
          value={days}
          options={[
            ['', t('admin.ever')],
            ...[1, 7, 30].map((count) => [String(count), t('admin.lastDays', { count })] as const),
          ]}
          onChange={(value) => {
            setDays(value);
            setSince(value === '' ? undefined : new Date(Date.now() - Number(value) * 24 * 3_600_000).toISOString());
          }}
        />
      </div>
      <ListOf list={list} label={t('admin.audit')} none={t('admin.noAudit')}>
        {(entry) => <AuditRow key={entry.id} entry={entry} />}
      </ListOf>
    </>
  );
}

/** What is shown, whole, as a table for other programs. The session's cookie goes with it. */
function exportUrl(action: string, since: string | undefined): string {
  const query = new URLSearchParams({ format: 'csv' });
  if (action !== '') query.set('action', action);
  if (since !== undefined) query.set('since', since);
  return `/admin/audit/export?${query}`;
}

/** Each is asked for once. */
const names = new Map<string, Promise<string>>();

function nameOf(id: string): Promise<string> {
  let name = names.get(id);
  if (name === undefined) {
    name = client.http.request<AdminUser>(`/admin/users/${id}`).then(({ body }) => body.displayName);
    names.set(id, name);
    // Asked again by the next.
    name.catch(() => names.delete(id));
  }
  return name;
}

function UserLink({ id, unnamed }: { id: string; unnamed: string }) {
  const [name, setName] = useState<string>();
  useEffect(() => {
    let isCurrent = true;
    nameOf(id).then(
      (known) => isCurrent && setName(known),
      () => undefined,
    );
    return () => {
      isCurrent = false;
    };
  }, [id]);
  return (
    <a href={linkOf({ name: 'users', id })} dir="auto">
      {name ?? unnamed}
    </a>
  );
}

export function AuditRow({ entry }: { entry: AuditEntry }) {
  const { at, actorId, action, targetType, targetId, reason, ip, details } = entry;
  const more = [
    ...(ip === null ? [] : [ip]),
    ...Object.entries(details ?? {}).map(([name, value]) => `${name}: ${String(value)}`),
  ];
  return (
    <li class="entry">
      <span class="row wrap">
        <strong>{actionText(action)}</strong>
        {targetId === null ? null : targetType === 'user' ? (
          <UserLink id={targetId} unnamed={t('admin.target.user')} />
        ) : targetType === 'report' ? (
          <a class="small" href={linkOf({ name: 'reports', id: targetId })}>
            {t('admin.target.report')}
          </a>
        ) : (
          <code class="small cut">{targetId}</code>
        )}
        <time class="soft small push-end" dateTime={at} title={agoOf(at)}>
          {fullTimeOf(at)}
        </time>
      </span>
      {reason === null ? null : <span dir="auto">{reason}</span>}
      <span class="soft small">
        {actorId === null ? t('admin.operator') : <UserLink id={actorId} unnamed={t('admin.actor')} />}
        {more.length === 0 ? '' : ` · ${more.join(' · ')}`}
      </span>
    </li>
  );
}

export function actionText(action: string): string {
  const name = `${ACTION_TEXT}${action}`;
  return has(name) ? t(name) : action;
}
