import type { User } from '@parley/client';
import { useState } from 'preact/hooks';
import { PaneHead } from '../app/PaneHead.js';
import { go, staying } from '../app/router.js';
import { client } from '../session/client.js';
import { Field, Form } from '../session/form.js';
import { t } from '../texts/texts.js';
import '../texts/more.js';
import { addingMembers } from './adding-members.js';
import { PeopleChoice } from './PeopleChoice.js';

export default function NewGroupPage() {
  const [members, setMembers] = useState<readonly User[]>([]);
  const create = async ({ title = '' }: Record<string, string>): Promise<void> => {
    const stays = staying();
    const memberIds = members.map((user) => user.id);
    const { id } = await addingMembers(members, () =>
      client.conversations.createGroup({ title: title.trim(), memberIds }),
    );
    if (stays()) go({ name: 'conversation', id }, { replace: true });
  };
  return (
    <main class="pane">
      <PaneHead title={t('group.new')} />
      <div class="pane-body">
        <div class="column">
          <Form submit={t('group.create')} fields={['title']} onSubmit={create}>
            {(faults) => (
              <>
                <Field
                  label={t('group.title')}
                  name="title"
                  maxLength={100}
                  fault={faults['title'] ?? faults['memberIds']}
                />
                <h2>{t('group.choose')}</h2>
                <PeopleChoice chosen={members} onChosen={setMembers} />
              </>
            )}
          </Form>
        </div>
      </div>
    </main>
  );
}
