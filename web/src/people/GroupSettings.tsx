import type { Conversation } from '@parley/client';
import { useState } from 'preact/hooks';
import { attempt } from '../app/toasts.js';
import { client } from '../session/client.js';
import { Field, Form } from '../session/form.js';
import { PictureButton } from '../settings/PictureButton.js';
import { t } from '../texts/texts.js';

/** Name, picture and history of a group, for those who look after it. */
export function GroupSettings({ conversation }: { conversation: Conversation }) {
  const { id, me, title, historyVisibility } = conversation;
  // What is typed stays while somebody else renames the group.
  const [saved, countSaved] = useState(0);
  if (me.role === 'MEMBER') return null;
  const rename = async ({ title: next = '' }: Record<string, string>): Promise<void> => {
    await client.conversations.update(id, { title: next.trim() });
    countSaved((count) => count + 1);
  };
  const changeHistory = async (box: HTMLInputElement): Promise<void> => {
    const next = box.checked ? 'FROM_START' : 'FROM_JOIN';
    // What is refused changes nothing, so nothing is drawn anew.
    if (!(await attempt(() => client.conversations.update(id, { historyVisibility: next }))))
      box.checked = historyVisibility === 'FROM_START';
  };
  return (
    <div class="stack">
      <Form key={saved} submit={t('group.rename')} isQuiet fields={['title']} onSubmit={rename}>
        {(faults) => (
          <Field label={t('group.title')} name="title" value={title ?? ''} maxLength={100} fault={faults['title']} />
        )}
      </Form>
      <PictureButton
        label={t('group.picture')}
        onUploaded={(avatarId) => client.conversations.update(id, { avatarId })}
      />
      <label class="row">
        <input
          type="checkbox"
          class="check"
          checked={historyVisibility === 'FROM_START'}
          onChange={({ currentTarget }) => void changeHistory(currentTarget)}
        />
        {t('group.history')}
      </label>
    </div>
  );
}
