import { openConversation } from '../app/router.js';
import { client } from '../session/client.js';

/**
 * Opens the direct conversation with somebody: one that is listed needs no network.
 * @param found called just before
 */
export async function writeTo(userId: string, found?: () => void): Promise<void> {
  const listed = client.conversations.items.find(
    ({ type, members }) => type === 'DIRECT' && members.some(({ user }) => user.id === userId),
  );
  const { id } = listed ?? (await client.conversations.openDirect(userId));
  found?.();
  openConversation(id);
}
