import { useState } from 'preact/hooks';
import { Dialog } from '../../design/Dialog.js';
import { client } from '../../session/client.js';
import { t } from '../../texts/texts.js';
import { useList } from '../lists.js';
import { Copyable, Head, ListOf } from '../parts.js';
import { linkOf } from '../section.js';
import { WebhookForm } from './WebhookForm.js';

export interface Webhook {
  id: string;
  url: string;
  events: readonly string[];
  enabled: boolean;
  disabledReason: string | null;
  disabledAt: string | null;
  failingSince: string | null;
  createdAt: string;
}

/** Where events of the server are sent to. */
export function WebhooksPage() {
  const list = useList<Webhook>('/admin/webhooks');
  const [isMaking, setMaking] = useState(false);
  const [secret, setSecret] = useState<string>();
  return (
    <>
      <Head title={t('admin.webhooks')}>
        <button type="button" class="button small" onClick={() => setMaking(true)}>
          {t('admin.newWebhook')}
        </button>
      </Head>
      <p class="soft small">{t('admin.webhooksHint')}</p>
      <ListOf list={list} label={t('admin.webhooks')} none={t('admin.noWebhooks')}>
        {({ id, url, events, enabled, failingSince }) => (
          <li key={id}>
            <a class="entry plain" href={linkOf({ name: 'webhooks', id })}>
              <span class="row wrap">
                <strong class="cut grow">{url}</strong>
                <span class={enabled && failingSince === null ? 'tag good' : 'tag bad'}>
                  {!enabled ? t('admin.disabled') : failingSince === null ? t('admin.enabled') : t('admin.failing')}
                </span>
              </span>
              <span class="soft small">{events.join(', ')}</span>
            </a>
          </li>
        )}
      </ListOf>
      {isMaking ? (
        <Dialog title={t('admin.newWebhook')} onClose={() => setMaking(false)}>
          <WebhookForm
            submit={t('admin.make')}
            onSubmit={async (given) => {
              const { body } = await client.http.request<Webhook & { secret: string }>('/admin/webhooks', {
                method: 'POST',
                body: given,
              });
              setMaking(false);
              setSecret(body.secret);
              list.reload();
            }}
          />
        </Dialog>
      ) : null}
      {secret === undefined ? null : (
        <Dialog title={t('admin.webhookMade')} onClose={() => setSecret(undefined)} class="confirm" isShownOnce>
          <p>{t('admin.webhookMadeHint')}</p>
          <Copyable text={secret} label={t('admin.secret')} />
        </Dialog>
      )}
    </>
  );
}
