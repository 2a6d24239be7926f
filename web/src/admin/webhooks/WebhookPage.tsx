import { useState } from 'preact/hooks';
import { attempt, notify } from '../../app/toasts.js';
import { Confirm } from '../../design/Confirm.js';
import { Dialog } from '../../design/Dialog.js';
import { LoadMore } from '../../design/LoadMore.js';
import { client } from '../../session/client.js';
import { agoOf, fullTimeOf, has, t } from '../../texts/texts.js';
import { useList } from '../lists.js';
import { Copyable, Facts, Fault, Head, ListOf, Time } from '../parts.js';
import { show } from '../section.js';
import { WebhookForm } from './WebhookForm.js';
import type { Webhook } from './WebhooksPage.js';

interface Delivery {
  id: string;
  type: string;
  status: 'pending' | 'delivered' | 'failed';
  attempts: number;
  responseStatus: number | null;
  error: string | null;
  createdAt: string;
  nextAttemptAt: string | null;
}

/** One receiver of events: what it gets, what was sent to it, and how that went. */
export function WebhookPage({ id }: { id: string }) {
  const path = `/admin/webhooks/${id}`;
  // One alone has no URL to be read at; there are few.
  const { items, fault, hasMore, loadMore, reload } = useList<Webhook>('/admin/webhooks', { limit: 100 });
  const webhook = items?.find((one) => one.id === id);
  const deliveries = useList<Delivery>(`${path}/deliveries`);
  const [asks, ask] = useState<'edit' | 'remove' | 'rotate'>();
  const [secret, setSecret] = useState<string>();
  if (fault !== undefined) return <Fault text={fault} onRetry={reload} />;
  if (webhook === undefined) {
    if (items === undefined) return <p class="soft">{t('admin.loading')}</p>;
    return hasMore ? <LoadMore onLoad={loadMore} /> : <p class="soft card padded">{t('app.nowhereHint')}</p>;
  }
  const change = async (body: object): Promise<void> => {
    await client.http.request(path, { method: 'PATCH', body });
    ask(undefined);
    notify(t('app.saved'));
    reload();
  };
  const test = (): void => {
    void attempt(async () => {
      const { body } = await client.http.request<Delivery>(`${path}/test`, { method: 'POST' });
      notify(body.status === 'delivered' ? t('admin.testTaken') : t('admin.testFailed', { reason: body.error ?? '' }));
      deliveries.reload();
    });
  };
  const rotate = (): void => {
    void attempt(async () => {
      const { body } = await client.http.request<{ secret: string }>(`${path}/rotate-secret`, { method: 'POST' });
      setSecret(body.secret);
    });
  };
  const again = (deliveryId: string): void => {
    void attempt(async () => {
      await client.http.request(`${path}/deliveries/${deliveryId}/redeliver`, { method: 'POST' });
      notify(t('admin.redelivered'));
      deliveries.reload();
    });
  };
  return (
    <>
      <Head title={webhook.url} above={{ name: 'webhooks' }} />
      <div class="card padded">
        <Facts
          facts={[
            [t('admin.state'), webhook.enabled ? t('admin.enabled') : disabledText(webhook.disabledReason)],
            [t('admin.events'), webhook.events.join(', ')],
            ...(webhook.disabledAt === null
              ? []
              : [[t('admin.since'), <Time key="disabled" at={webhook.disabledAt} />] as const]),
            ...(webhook.failingSince === null
              ? []
              : [[t('admin.failingSince'), <Time key="failing" at={webhook.failingSince} />] as const]),
            [t('admin.created'), <Time key="created" at={webhook.createdAt} />],
          ]}
        />
      </div>
      <div class="row wrap">
        <button type="button" class="button" onClick={test}>
          {t('admin.test')}
        </button>
        <button type="button" class="button" onClick={() => ask('edit')}>
          {t('admin.edit')}
        </button>
        <button type="button" class="button" onClick={() => void attempt(() => change({ enabled: !webhook.enabled }))}>
          {webhook.enabled ? t('admin.disable') : t('admin.enable')}
        </button>
        <button type="button" class="button" onClick={() => ask('rotate')}>
          {t('admin.rotateSecret')}
        </button>
        <button type="button" class="button danger" onClick={() => ask('remove')}>
          {t('admin.remove')}
        </button>
      </div>
      <section class="section">
        <div class="row">
          <h2 class="grow">{t('admin.deliveries')}</h2>
          <button type="button" class="button small" onClick={deliveries.reload}>
            {t('admin.reload')}
          </button>
        </div>
        <ListOf list={deliveries} label={t('admin.deliveries')} none={t('admin.noDeliveries')}>
          {({ id: deliveryId, type, status, attempts, responseStatus, error, createdAt, nextAttemptAt }) => (
            <li key={deliveryId} class="entry">
              <span class="row wrap">
                <code class="grow">{type}</code>
                <span class={`tag ${status === 'delivered' ? 'good' : status === 'failed' ? 'bad' : ''}`}>
                  {t(`admin.delivery.${status}`)}
                </span>
                <button
                  type="button"
                  class="button small"
                  aria-label={t('admin.redeliverOf', { event: type })}
                  onClick={() => again(deliveryId)}
                >
                  {t('admin.redeliver')}
                </button>
              </span>
              <span class="soft small">
                <time dateTime={createdAt} title={fullTimeOf(createdAt)}>
                  {agoOf(createdAt)}
                </time>
                {` · ${t('admin.attempts', { count: attempts })}`}
                {responseStatus === null ? '' : ` · HTTP ${responseStatus}`}
                {error === null ? '' : ` · ${error}`}
                {nextAttemptAt === null ? '' : ` · ${t('admin.nextAttempt', { at: fullTimeOf(nextAttemptAt) })}`}
              </span>
            </li>
          )}
        </ListOf>
      </section>
      {asks === 'edit' ? (
        <Dialog title={t('admin.edit')} onClose={() => ask(undefined)}>
          <WebhookForm url={webhook.url} events={webhook.events} submit={t('app.save')} onSubmit={change} />
        </Dialog>
      ) : asks === 'rotate' ? (
        <Confirm
          title={t('admin.rotateSecret')}
          text={t('admin.rotateSecretQuestion')}
          confirm={t('admin.rotateSecret')}
          onConfirm={rotate}
          onClose={() => ask(undefined)}
        />
      ) : asks === 'remove' ? (
        <Confirm
          title={t('admin.remove')}
          text={t('admin.removeQuestion', { url: webhook.url })}
          confirm={t('admin.remove')}
          onConfirm={() =>
            void attempt(async () => {
              await client.http.request(path, { method: 'DELETE' });
              show({ name: 'webhooks' });
            })
          }
          onClose={() => ask(undefined)}
        />
      ) : null}
      {secret === undefined ? null : (
        <Dialog title={t('admin.webhookMade')} onClose={() => setSecret(undefined)} isShownOnce>
          <p>{t('admin.webhookMadeHint')}</p>
          <Copyable text={secret} label={t('admin.secret')} />
        </Dialog>
      )}
    </>
  );
}

function disabledText(reason: string | null): string {
  const name = `admin.disabled.${reason ?? ''}`;
  return has(name) ? t(name) : t('admin.disabled');
}
