import type { User } from '@parley/client';
import { useState } from 'preact/hooks';
import { attempt, notify } from '../app/toasts.js';
import { Avatar } from '../design/Avatar.js';
import { Confirm } from '../design/Confirm.js';
import { Dialog } from '../design/Dialog.js';
import { client } from '../session/client.js';
import { Field, Form } from '../session/form.js';
import { agoOf, t } from '../texts/texts.js';
import { invalid } from './invalid.js';
import { type List, useList } from './lists.js';
import { Copyable, Head, ListOf, Select, Time } from './parts.js';

const SCOPES = [
  'messages:write',
  'users:read',
  'users:write',
  'conversations:read',
  'conversations:write',
  'webhooks:write',
] as const;
const DAY_MS = 24 * 3_600_000;
const SPANS = [30, 90, 365] as const;

interface ApiKey {
  id: string;
  name: string;
  scopes: readonly string[];
  createdAt: string;
  expiresAt: string | null;
  lastUsedAt: string | null;
}

/** What programs call with, and the users that they are. */
export function KeysPage() {
  const keys = useList<ApiKey>('/admin/api-keys');
  const bots = useList<User>('/admin/bots');
  return (
    <>
      <Head title={t('admin.keys')} />
      <Keys list={keys} />
      <Bots list={bots} />
    </>
  );
}

function Keys({ list }: { list: List<ApiKey> }) {
  const [isMaking, setMaking] = useState(false);
  const [secret, setSecret] = useState<string>();
  const [revoking, revoke] = useState<ApiKey>();
  return (
    <section class="section">
      <div class="row">
        <h2 class="grow">{t('admin.apiKeys')}</h2>
        <button type="button" class="button small" onClick={() => setMaking(true)}>
          {t('admin.newKey')}
        </button>
      </div>
      <ListOf list={list} label={t('admin.apiKeys')} none={t('admin.noKeys')}>
        {(key) => (
          <li key={key.id} class="entry row wrap">
            <span class="stack-tight grow">
              <strong dir="auto">{key.name}</strong>
              <span class="soft small">{key.scopes.join(', ')}</span>
              <span class="soft small">
                {key.lastUsedAt === null ? t('admin.neverUsed') : t('admin.lastUsed', { when: agoOf(key.lastUsedAt) })}
                {' · '}
                {key.expiresAt === null ? (
                  t('admin.noEnd')
                ) : (
                  <>
                    {t('admin.ends')} <Time at={key.expiresAt} />
                  </>
                )}
              </span>
            </span>
            <button
              type="button"
              class="button small danger"
              aria-label={t('admin.revokeOf', { name: key.name })}
              onClick={() => revoke(key)}
            >
              {t('admin.revoke')}
            </button>
          </li>
        )}
      </ListOf>
      {isMaking ? (
        <NewKeyDialog
          onMade={(made) => {
            setMaking(false);
            setSecret(made);
            list.reload();
          }}
          onClose={() => setMaking(false)}
        />
      ) : null}
      {secret === undefined ? null : (
        <Dialog title={t('admin.keyMade')} onClose={() => setSecret(undefined)} class="confirm" isShownOnce>
          <p>{t('admin.keyMadeHint')}</p>
          <Copyable text={secret} label={t('admin.secret')} />
        </Dialog>
      )}
      {revoking === undefined ? null : (
        <Confirm
          title={t('admin.revoke')}
          text={t('admin.revokeQuestion', { name: revoking.name })}
          confirm={t('admin.revoke')}
          onConfirm={() =>
            void attempt(async () => {
              await client.http.request(`/admin/api-keys/${revoking.id}`, { method: 'DELETE' });
              list.reload();
            })
          }
          onClose={() => revoke(undefined)}
        />
      )}
    </section>
  );
}

function NewKeyDialog({ onMade, onClose }: { onMade: (secret: string) => void; onClose: () => void }) {
  const [scopes, setScopes] = useState<ReadonlySet<string>>(new Set());
  const [days, setDays] = useState('365');
  const choose = (scope: string, isChosen: boolean): void => {
    const next = new Set(scopes);
    if (isChosen) next.add(scope);
    else next.delete(scope);
    setScopes(next);
  };
  const make = async ({ name = '' }: Record<string, string>): Promise<void> => {
    if (scopes.size === 0) throw invalid('scopes', t('admin.noScopes'));
    const { body } = await client.http.request<{ secret: string }>('/admin/api-keys', {
      method: 'POST',
      body: {
        name: name.trim(),
        scopes: [...scopes],
        ...(days === '' ? {} : { expiresAt: new Date(Date.now() + Number(days) * DAY_MS).toISOString() }),
      },
    });
    onMade(body.secret);
  };
  return (
    <Dialog title={t('admin.newKey')} onClose={onClose}>
      <Form submit={t('admin.make')} fields={['name', 'scopes']} onSubmit={make}>
        {(faults) => (
          <>
            <Field
              label={t('admin.keyName')}
              name="name"
              maxLength={64}
              hint={t('admin.keyNameHint')}
              fault={faults['name']}
            />
            <fieldset class="stack-tight">
              <legend class="small">{t('admin.scopes')}</legend>
              {SCOPES.map((scope) => (
                <label key={scope} class="row choice">
                  <input
                    type="checkbox"
                    class="check"
                    checked={scopes.has(scope)}
                    onChange={(event) => choose(scope, event.currentTarget.checked)}
                  />
                  <span>
                    {t(`admin.scope.${scope}`)} <code class="soft small">{scope}</code>
                  </span>
                </label>
              ))}
              {faults['scopes'] === undefined ? null : <span class="fault">{faults['scopes']}</span>}
            </fieldset>
            <Select
              label={t('admin.ends')}
              value={days}
              options={[
                ...SPANS.map((count) => [String(count), t('admin.inDays', { count })] as const),
                ['', t('admin.noEnd')],
              ]}
              onChange={setDays}
            />
          </>
        )}
      </Form>
    </Dialog>
  );
}

function Bots({ list }: { list: List<User> }) {
  const [isMaking, setMaking] = useState(false);
  const make = async ({ username = '', displayName = '' }: Record<string, string>): Promise<void> => {
    const body = { username: username.trim(), displayName: displayName.trim() };
    await client.http.request('/admin/bots', { method: 'POST', body });
    setMaking(false);
    notify(t('app.saved'));
    list.reload();
  };
  return (
    <section class="section">
      <div class="row">
        <h2 class="grow">{t('admin.bots')}</h2>
        <button type="button" class="button small" onClick={() => setMaking(true)}>
          {t('admin.newBot')}
        </button>
      </div>
      <p class="soft small">{t('admin.botsHint')}</p>
      <ListOf list={list} label={t('admin.bots')} none={t('admin.noBots')}>
        {({ id, displayName, username, avatarUrl }) => (
          <li key={id} class="entry row wrap">
            <Avatar id={id} name={displayName} url={avatarUrl} size={36} />
            <span class="stack-tight grow">
              <strong dir="auto">{displayName}</strong>
              <span class="soft small">@{username}</span>
            </span>
            <Copyable text={id} label={t('admin.userId')} />
          </li>
        )}
      </ListOf>
      {isMaking ? (
        <Dialog title={t('admin.newBot')} onClose={() => setMaking(false)}>
          <Form submit={t('admin.make')} fields={['username', 'displayName']} onSubmit={make}>
            {(faults) => (
              <>
                <Field label={t('admin.botName')} name="displayName" maxLength={64} fault={faults['displayName']} />
                <Field
                  label={t('session.username')}
                  name="username"
                  maxLength={32}
                  hint={t('session.usernameHint')}
                  fault={faults['username']}
                />
              </>
            )}
          </Form>
        </Dialog>
      ) : null}
    </section>
  );
}
