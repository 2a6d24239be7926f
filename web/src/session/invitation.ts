import { go, openConversation, staying } from '../app/router.js';
import { client } from './client.js';

export const PARAMETER = 'with';

/** Whose link led here; kept while this window makes an account, and after its first load. */
let invitedBy: string | undefined;
/** Somebody has filled in a form of this window, beside which it says who invites them. */
let isAccepted = false;

/**
 * Before anything is drawn: the URL becomes a plain one again. Any page may lead somebody who is logged in to such a link, so
 * they find the name in the search, and whom it names learns nothing of it.
 */
export function takeInvitation(): void {
  invitedBy = sessionStorage.getItem(PARAMETER) ?? undefined;
  const name = new URLSearchParams(location.search).get(PARAMETER)?.trim() ?? '';
  if (name !== '' && name.length <= 64) {
    invitedBy = name;
    sessionStorage.setItem(PARAMETER, name);
    history.replaceState(history.state, '', location.pathname);
  }
  if (client.userId !== undefined) {
    const words = endInvitation();
    if (words !== undefined) go({ name: 'people', words }, { replace: true });
  }
}

export const invitation = (): string | undefined => invitedBy;

export const acceptInvitation = (): void => void (isAccepted = true);

/**
 * To the conversation with who has invited; to the search for them where none can be opened, or where its user has logged in in another
 * window, as if they had followed the link after that.
 */
export async function followInvitation(): Promise<void> {
  const name = endInvitation();
  if (name === undefined) return;
  if (!isAccepted) return go({ name: 'people', words: name }, { replace: true });
  const stays = staying();
  let id: string | undefined;
  try {
    const { items } = await client.users.search(name);
    const user = items.find(({ username }) => username.toLowerCase() === name.toLowerCase());
    if (user !== undefined && user.id === client.userId) return;
    if (user !== undefined) ({ id } = await client.conversations.openDirect(user.id));
  } catch {
    // To the search, as where nobody is called so.
  }
  if (!stays()) return;
  if (id === undefined) go({ name: 'people', words: name });
  else openConversation(id);
}

function endInvitation(): string | undefined {
  const name = invitedBy;
  invitedBy = undefined;
  sessionStorage.removeItem(PARAMETER);
  return name;
}
