import { useState } from 'preact/hooks';
import { Field, Form } from '../../session/form.js';
import { t } from '../../texts/texts.js';
import { invalid } from '../invalid.js';

const EVENTS = [
  'message.created',
  'message.updated',
  'message.deleted',
  'user.created',
  'user.deleted',
  'friend.accepted',
  'conversation.created',
  'member.joined',
  'member.left',
  'report.created',
] as const;

interface Properties {
  url?: string;
  events?: readonly string[];
  submit: string;
  onSubmit: (webhook: { url: string; events: string[] }) => Promise<void>;
}

export function WebhookForm({ url, events = [], submit, onSubmit }: Properties) {
  const [chosen, setChosen] = useState<ReadonlySet<string>>(() => new Set(events));
  const choose = (event: string, isChosen: boolean): void => {
    const next = new Set(chosen);
    if (isChosen) next.add(event);
    else next.delete(event);
    setChosen(next);
  };
  const send = async ({ url: given = '' }: Record<string, string>): Promise<void> => {
    if (chosen.size === 0) throw invalid('events', t('admin.noEvents'));
    await onSubmit({ url: given.trim(), events: [...chosen] });
  };
  return (
    <Form submit={submit} fields={['url', 'events']} onSubmit={send}>
      {(faults) => (
        <>
          <Field
            label={t('admin.url')}
            name="url"
            maxLength={2_048}
            hint={t('admin.urlHint')}
            fault={faults['url']}
            {...(url === undefined ? {} : { value: url })}
          />
          <fieldset class="stack-tight">
            <legend class="small">{t('admin.events')}</legend>
            {EVENTS.map((event) => (
              <label key={event} class="row choice">
                <input
                  type="checkbox"
                  class="check"
                  checked={chosen.has(event)}
                  onChange={({ currentTarget }) => choose(event, currentTarget.checked)}
                />
                <code>{event}</code>
              </label>
            ))}
            {faults['events'] === undefined ? null : <span class="fault">{faults['events']}</span>}
          </fieldset>
        </>
      )}
    </Form>
  );
}
