import { openConversation, staying } from '../app/router.js';
import { client } from '../session/client.js';

/**
 * Opens the direct conversation with somebody: one that is listed needs no network. A user who went elsewhere meanwhile stays there.
 * @param found called just before
 */
export async function writeTo(userId: string, found?: () => void): Promise<void> {
  const stays = staying();
  const listed = client.conversations.items.find(
    ({ type, members }) => type === 'DIRECT' && members.some(({ user }) => user.id === userId),
  );
  const { id } = listed ?? (await client.conversations.openDirect(userId));
  if (!stays()) return;
  found?.();
  openConversation(id);
}
