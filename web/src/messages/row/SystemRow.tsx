import type { MessageItem } from '@parley/client';
import { memo } from '../../design/memo.js';
import { useUser } from '@parley/client/react';
import { client } from '../../session/client.js';
import { listOf, t } from '../../texts/texts.js';

const MAX_NAMES = 4;

/** What happened in a group, in the reader's language. */
export const SystemRow = memo(({ item }: { item: MessageItem }) => {
  const { actorId = '', userIds = [] } = item.system ?? {};
  // Names may come to be known, or change: also those of who is no member any more. As many each time, as hooks must be.
  useUser(actorId);
  for (let index = 0; index < MAX_NAMES; index += 1) useUser(userIds[index] ?? '');
  return (
    <p class="system" data-row data-seq={item.seq ?? undefined} tabIndex={-1} dir="auto">
      {systemText(item)}
    </p>
  );
});

function systemText({ system, content }: MessageItem): string {
  if (system === undefined) return content ?? '';
  const { type, actorId, userIds, userCount = userIds.length, title = '', role } = system;
  const shown = userIds.slice(0, MAX_NAMES).map(nameOfUser);
  const rest = userCount - shown.length;
  const users = listOf(rest > 0 ? [...shown, t('system.others', { count: rest })] : shown);
  const name = type === 'GROUP_CHANGED' && title !== '' ? 'system.GROUP_RENAMED' : (`system.${type}` as const);
  return t(name, { actor: nameOfUser(actorId), users, title, role: role === undefined ? '' : t(`role.${role}`) });
}

function nameOfUser(userId: string): string {
  return client.users.get(userId).getSnapshot()?.displayName ?? t('app.someone');
}
