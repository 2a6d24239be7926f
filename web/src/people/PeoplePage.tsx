import type { FriendRequest, User } from '@parley/client';
import { useFriendRequests, useFriends, useMe, useUser } from '@parley/client/react';
import { useState } from 'preact/hooks';
import { CopyLink } from '../app/SecondPersonHint.js';
import { attempt } from '../app/toasts.js';
import { client } from '../session/client.js';
import { t } from '../texts/texts.js';
import '../texts/more.js';
import { PaneHead } from '../app/PaneHead.js';
import { PersonActions } from './PersonActions.js';
import { PersonRow } from './PersonRow.js';
import { PersonSearch } from './PersonSearch.js';
import './people.css';

export default function PeoplePage({ words: given = '' }: { words?: string | undefined }) {
  const me = useMe();
  const friends = useFriends();
  const requests = useFriendRequests();
  const [words, setWords] = useState(given);
  const incoming = requests.filter(({ receiverId }) => receiverId === client.userId);
  const outgoing = requests.filter(({ senderId }) => senderId === client.userId);
  return (
    <main class="pane">
      <PaneHead title={t('people.title')} />
      <div class="pane-body">
        <div class="column">
          <section class="section">
            <PersonSearch
              words={words}
              onWords={setWords}
              isOwnLink={words !== '' && words === given && words.toLowerCase() === me?.username.toLowerCase()}
            >
              {(user) => (
                <PersonRow key={user.id} user={user}>
                  <PersonActions user={user} />
                </PersonRow>
              )}
            </PersonSearch>
          </section>
          <Requests title={t('people.incoming')} requests={incoming} isIncoming />
          <Requests title={t('people.outgoing')} requests={outgoing} isIncoming={false} />
          <section class="section">
            <h2>{t('people.friends')}</h2>
            {friends.length === 0 ? <p class="soft">{t('people.noFriends')}</p> : <Friends friends={friends} />}
          </section>
          {me === undefined ? null : (
            <section class="section">
              <h2>{t('people.invite')}</h2>
              <p class="soft">{t('people.inviteHint')}</p>
              <div>
                <CopyLink username={me.username} />
              </div>
            </section>
          )}
        </div>
      </div>
    </main>
  );
}

function Friends({ friends }: { friends: readonly User[] }) {
  const sorted = [...friends].sort((a, b) => a.displayName.localeCompare(b.displayName));
  return (
    <ul class="card people">
      {sorted.map((user) => (
        <PersonRow key={user.id} user={user}>
          <PersonActions user={user} />
        </PersonRow>
      ))}
    </ul>
  );
}

interface RequestsProperties {
  title: string;
  requests: readonly FriendRequest[];
  isIncoming: boolean;
}

function Requests({ title, requests, isIncoming }: RequestsProperties) {
  if (requests.length === 0) return null;
  return (
    <section class="section">
      <h2>{title}</h2>
      <ul class="card people">
        {requests.map((request) => (
          <RequestRow key={request.id} request={request} isIncoming={isIncoming} />
        ))}
      </ul>
    </section>
  );
}

function RequestRow({ request, isIncoming }: { request: FriendRequest; isIncoming: boolean }) {
  const user = useUser(isIncoming ? request.senderId : request.receiverId);
  if (user === undefined) return null;
  const act = (work: () => Promise<unknown>) => () => void attempt(work);
  return (
    <PersonRow user={user}>
      {isIncoming ? (
        <>
          <button type="button" class="button small" onClick={act(() => client.friends.reject(request.id))}>
            {t('people.reject')}
          </button>
          <button type="button" class="button primary small" onClick={act(() => client.friends.accept(request.id))}>
            {t('people.accept')}
          </button>
        </>
      ) : (
        <button type="button" class="button small" onClick={act(() => client.friends.cancel(request.id))}>
          {t('people.withdraw')}
        </button>
      )}
    </PersonRow>
  );
}
