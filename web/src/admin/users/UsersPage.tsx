import { useEffect, useState } from 'preact/hooks';
import { Avatar } from '../../design/Avatar.js';
import { t } from '../../texts/texts.js';
import { useList } from '../lists.js';
import { Head, ListOf, Select } from '../parts.js';
import { linkOf } from '../section.js';
import { type AdminUser, stateOf, StateTag } from './user-state.js';

const PAUSE_MS = 250;

/** Everybody who has an account, found by name or e-mail address. */
export function UsersPage() {
  const [text, setText] = useState('');
  const [search, setSearch] = useState('');
  useEffect(() => {
    const timer = setTimeout(() => setSearch(text.trim()), PAUSE_MS);
    return () => clearTimeout(timer);
  }, [text]);
  const [shown, setShown] = useState('');
  const list = useList<AdminUser>('/admin/users', {
    search: search === '' ? undefined : search,
    ...(shown === 'suspended' ? { suspended: 'true' } : shown === '' ? {} : { role: shown }),
  });
  return (
    <>
      <Head title={t('admin.users')} />
      <input
        class="input"
        type="search"
        dir="auto"
        maxLength={254}
        placeholder={t('admin.searchUsers')}
        aria-label={t('admin.searchUsers')}
        value={text}
        onInput={(event) => setText(event.currentTarget.value)}
      />
      <div class="row wrap filters">
        <Select
          label={t('admin.show')}
          value={shown}
          options={[
            ['', t('admin.all')],
            ['suspended', t('admin.suspendedOrBanned')],
            ['MODERATOR', t('admin.role.MODERATOR')],
            ['ADMIN', t('admin.role.ADMIN')],
          ]}
          onChange={setShown}
        />
      </div>
      <ListOf list={list} label={t('admin.users')} none={t('people.none')}>
        {(user) => (
          <li key={user.id}>
            <a class="person plain" href={linkOf({ name: 'users', id: user.id })}>
              <Avatar id={user.id} name={user.displayName} url={user.avatarUrl} size={40} />
              <span class="person-text grow">
                <strong class="cut" dir="auto">
                  {user.displayName}
                </strong>
                <span class="soft small cut">
                  @{user.username}
                  {user.email === null ? '' : ` · ${user.email}`}
                </span>
              </span>
              {user.role === 'USER' ? null : <span class="role">{t(`admin.role.${user.role}`)}</span>}
              <StateTag state={stateOf(user)} />
            </a>
          </li>
        )}
      </ListOf>
    </>
  );
}
