import type { Conversation, Member, MemberRole, User } from '@parley/client';
import { useEffect, useState } from 'preact/hooks';
import { attempt } from '../app/toasts.js';
import { Confirm } from '../design/Confirm.js';
import { AnyIcon, type AnyIconName } from '../design/more-icons.js';
import { LoadMore } from '../design/LoadMore.js';
import { MenuItem } from '../design/Menu.js';
import { client } from '../session/client.js';
import { t } from '../texts/texts.js';
import { ActionsMenu } from './ActionsMenu.js';
import { addingMembers } from './adding-members.js';
import { PeopleChoice } from './PeopleChoice.js';
import { PersonRow } from './PersonRow.js';
import { writeTo } from './write-to.js';

const ORDER: readonly MemberRole[] = ['OWNER', 'ADMIN', 'MEMBER'];

interface Properties {
  conversation: Conversation;
  onClose: () => void;
}

export function GroupMembers({ conversation, onClose }: Properties) {
  const { members, me } = conversation;
  const more = useMoreMembers(conversation);
  const known = new Set(members.map(({ user }) => user.id));
  const all = [...members, ...more.items.filter(({ user }) => !known.has(user.id))];
  all.sort((a, b) => ORDER.indexOf(a.role) - ORDER.indexOf(b.role));
  return (
    <section class="section">
      <h2>{t('group.members')}</h2>
      {me.role === 'MEMBER' ? null : <AddMembers conversation={conversation} />}
      <ul class="card people">
        {all.map((member) => (
          <MemberRow
            key={member.user.id}
            member={member}
            conversation={conversation}
            onRole={more.setRole}
            onClose={onClose}
          />
        ))}
      </ul>
      {more.hasMore ? <LoadMore onLoad={more.load} /> : null}
    </section>
  );
}

/** Of a large group the conversation holds some; the others come by pages. */
function useMoreMembers({ id, members, memberCount }: Conversation): {
  items: readonly Member[];
  hasMore: boolean;
  load: () => void;
  /** Nothing else says of those that come by pages what became of them. */
  setRole: (userId: string, role: MemberRole) => void;
} {
  const [items, setItems] = useState<readonly Member[]>([]);
  const [cursor, setCursor] = useState<string | null | undefined>(undefined);
  useEffect(() => {
    setItems([]);
    setCursor(undefined);
  }, [id, memberCount]);
  const load = (): void => {
    void attempt(async () => {
      const page = await client.conversations.members(id, cursor ?? undefined);
      setItems([...items, ...page.items]);
      setCursor(page.nextCursor);
    });
  };
  const setRole = (userId: string, role: MemberRole): void =>
    setItems((before) => before.map((member) => (member.user.id === userId ? { ...member, role } : member)));
  return { items, hasMore: members.length < memberCount && cursor !== null, load, setRole };
}

function AddMembers({ conversation: { id, members } }: { conversation: Conversation }) {
  const [chosen, choose] = useState<readonly User[]>();
  if (chosen === undefined)
    return (
      <button type="button" class="button" onClick={() => choose([])}>
        <AnyIcon name="plus" size={18} />
        {t('group.add')}
      </button>
    );
  const add = async (): Promise<void> => {
    const ids = chosen.map((user) => user.id);
    const isDone = await attempt(() => addingMembers(chosen, () => client.conversations.addMembers(id, ids)));
    if (isDone) choose(undefined);
  };
  return (
    <div class="card padded stack">
      <PeopleChoice chosen={chosen} onChosen={choose} without={new Set(members.map(({ user }) => user.id))} />
      <div class="row end">
        <button type="button" class="button" onClick={() => choose(undefined)}>
          {t('app.cancel')}
        </button>
        <button type="button" class="button primary" disabled={chosen.length === 0} onClick={() => void add()}>
          {t('group.addChosen', { count: chosen.length })}
        </button>
      </div>
    </div>
  );
}

interface RowProperties extends Properties {
  member: Member;
  onRole: (userId: string, role: MemberRole) => void;
}

function MemberRow({ member: { user, role }, conversation: { id, me }, onRole, onClose }: RowProperties) {
  const [question, ask] = useState<'remove' | 'owner'>();
  const isMe = user.id === client.userId;
  const write = (): void => {
    void attempt(() => writeTo(user.id, onClose));
  };
  const give = (next: MemberRole) => () => {
    void attempt(async () => {
      await client.conversations.updateMember(id, user.id, next);
      onRole(user.id, next);
      // Of a group that is handed over.
      if (next === 'OWNER' && client.userId !== undefined) onRole(client.userId, 'ADMIN');
    });
  };
  const items: [icon: AnyIconName, text: string, onChoose: () => void, isDangerous?: boolean][] = [
    ['send', t('people.message'), write],
  ];
  if (me.role === 'OWNER') {
    items.push(
      role === 'MEMBER'
        ? ['check', t('group.makeAdmin'), give('ADMIN')]
        : ['close', t('group.makeMember'), give('MEMBER')],
      ['people', t('group.makeOwner'), () => ask('owner')],
    );
  }
  if (me.role === 'OWNER' || (me.role === 'ADMIN' && role === 'MEMBER'))
    items.push(['trash', t('group.remove'), () => ask('remove'), true]);
  const remove = (): void => void attempt(() => client.conversations.removeMember(id, user.id));
  return (
    <PersonRow user={isMe ? { ...user, displayName: t('group.you', { name: user.displayName }) } : user}>
      {role === 'MEMBER' ? null : <span class="role">{t(`role.${role}`)}</span>}
      {isMe ? null : (
        <ActionsMenu user={user}>
          {items.map(([icon, text, onChoose, isDangerous]) => (
            <MenuItem key={text} icon={icon} text={text} onChoose={onChoose} isDangerous={isDangerous ?? false} />
          ))}
        </ActionsMenu>
      )}
      {question === undefined ? null : (
        <Confirm
          title={t(question === 'remove' ? 'group.remove' : 'group.makeOwner')}
          text={t(question === 'remove' ? 'group.removeQuestion' : 'group.makeOwnerQuestion', {
            name: user.displayName,
          })}
          confirm={t(question === 'remove' ? 'group.remove' : 'group.makeOwner')}
          onConfirm={question === 'remove' ? remove : give('OWNER')}
          onClose={() => ask(undefined)}
        />
      )}
    </PersonRow>
  );
}
