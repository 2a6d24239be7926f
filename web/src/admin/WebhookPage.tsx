import { useState } from 'preact/hooks';
import { attempt, notify } from '../app/toasts.js';
import { Confirm } from '../design/Confirm.js';
import { Dialog } from '../design/Dialog.js';
import { client } from '../session/client.js';
import { agoOf, fullTimeOf, t } from '../texts/texts.js';
import { useList, useOne } from './lists.js';
import { Facts, Fault, Head, ListOf, Time } from './parts.js';
import { show } from './section.js';
import { WebhookForm } from './WebhookForm.js';
import type { Webhook } from './WebhooksPage.js';

interface Delivery {
  id: string;
  event: string;
  status: string;
  attempts: number;
  responseStatus: number | null;
  error: string | null;
  createdAt: string;
  nextAttemptAt: string | null;
}

/** One receiver of events: what it gets, what was sent to it, and how that went. */
export function WebhookPage({ id }: { id: string }) {
  const path = `/admin/webhooks/${id}`;
  const { value: webhook, fault, reload } = useOne<Webhook>(path);
  const deliveries = useList<Delivery>(`${path}/deliveries`);
  const [asks, ask] = useState<'edit' | 'remove'>();
  if (fault !== undefined) return <Fault text={fault} onRetry={reload} />;
  if (webhook === undefined) return <p class="soft">{t('admin.loading')}</p>;
  const change = async (body: object): Promise<void> => {
    await client.http.request(path, { method: 'PATCH', body });
    ask(undefined);
    notify(t('app.saved'));
    reload();
  };
  const test = (): void => {
    void attempt(async () => {
      await client.http.request(`${path}/test`, { method: 'POST' });
      notify(t('admin.testSent'));
      deliveries.reload();
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
            [
              t('admin.state'),
              webhook.isEnabled ? t('admin.enabled') : (webhook.disabledReason ?? t('admin.disabled')),
            ],
            [t('admin.events'), webhook.events.join(', ')],
            [t('admin.created'), <Time key="created" at={webhook.createdAt} />],
          ]}
        />
      </div>
      <div class="row wrap">
        <button type="button" class="button" disabled={!webhook.isEnabled} onClick={test}>
          {t('admin.test')}
        </button>
        <button type="button" class="button" onClick={() => ask('edit')}>
          {t('admin.edit')}
        </button>
        <button
          type="button"
          class="button"
          onClick={() => void attempt(() => change({ isEnabled: !webhook.isEnabled }))}
        >
          {webhook.isEnabled ? t('admin.disable') : t('admin.enable')}
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
          {({ id: deliveryId, event, status, attempts, responseStatus, error, createdAt, nextAttemptAt }) => (
            <li key={deliveryId} class="entry">
              <span class="row wrap">
                <code class="grow">{event}</code>
                <span class={`tag ${status === 'DELIVERED' ? 'good' : status === 'FAILED' ? 'bad' : ''}`}>
                  {deliveryText(status)}
                </span>
                <button
                  type="button"
                  class="button small"
                  aria-label={t('admin.redeliverOf', { event })}
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
    </>
  );
}

function deliveryText(status: string): string {
  return status === 'DELIVERED' ? t('admin.delivered') : status === 'FAILED' ? t('admin.failed') : t('admin.waiting');
}
