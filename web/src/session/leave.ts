import { go } from '../app/router.js';
import { removeFiles } from '../messages/files/files-database.js';
import { forgetPickedFiles } from '../messages/files/picked-files.js';
import { forgetRecentEmoji } from '../messages/composer/recent-emoji.js';
import { removeIntents } from '../messages/kept-intent.js';
import { unsubscribeFromPush } from '../push/notifications.js';
import { client } from './client.js';
import { followOtherTabs } from './other-tabs.js';

/** After it nothing of the user is left on this device. */
export async function leave(): Promise<void> {
  const { userId } = client;
  // Before the log-in of anybody else: the next user of this browser gets none of this one's notifications.
  await unsubscribeFromPush().catch(() => undefined);
  // Where the session had ended already, somebody else may have logged in meanwhile.
  if (client.userId !== undefined && client.userId !== userId) return forget();
  try {
    await client.logout();
  } finally {
    forget();
    removeIntents();
    await removeFiles().catch(() => undefined);
    followOtherTabs(undefined);
    go({ name: 'home' }, { replace: true });
  }
}

/** What this page holds of the user beside what the client does. */
function forget(): void {
  forgetPickedFiles();
  forgetRecentEmoji();
}
