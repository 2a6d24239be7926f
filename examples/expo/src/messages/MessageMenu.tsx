import type { MessageItem } from '@parley/client';
import * as Clipboard from 'expo-clipboard';
import { useState } from 'react';
import { Modal, Pressable, View } from 'react-native';
import { useSafeAreaInsets } from 'react-native-safe-area-context';
import { client } from '../chat/client';
import { isOwn } from '../chat/names';
import { errorText } from '../chat/words';
import { Button, Notice } from '../design/controls';
import { RADIUS, SPACE, useColors } from '../design/theme';
import type { Intent } from './Composer';
import { QuickReactions } from './QuickReactions';

interface Properties {
  item: MessageItem;
  onClose: () => void;
  onIntent: (intent: Intent) => void;
  onReport: (messageId: string) => void;
}

interface Action {
  label: string;
  work: () => unknown;
  isDangerous?: boolean;
}

/** What may be done with one message. */
export function MessageMenu({ item, onClose, onIntent, onReport }: Properties) {
  const { paper, shade } = useColors();
  const { bottom } = useSafeAreaInsets();
  const [error, setError] = useState<unknown>();
  const attempt = async (work: () => unknown): Promise<void> => {
    try {
      await work();
      onClose();
    } catch (cause) {
      setError(cause);
    }
  };
  return (
    <Modal transparent animationType="fade" onRequestClose={onClose}>
      <Pressable aria-label="Close" style={{ flex: 1, backgroundColor: shade }} onPress={onClose} />
      <View
        role="menu"
        aria-label="Message"
        style={{
          gap: SPACE.s,
          padding: SPACE.l,
          paddingBottom: SPACE.l + bottom,
          backgroundColor: paper,
          borderTopLeftRadius: RADIUS.l,
          borderTopRightRadius: RADIUS.l,
        }}
      >
        {error === undefined ? null : <Notice kind="danger">{errorText(error)}</Notice>}
        {item.id === null ? null : (
          <QuickReactions
            item={item}
            onPick={(emoji, remove) => void attempt(() => client.react(item, emoji, { remove }))}
          />
        )}
        {actionsOf(item, onIntent, onReport).map(({ label, work, isDangerous = false }) => (
          <Button
            key={label}
            label={label}
            kind={isDangerous ? 'danger' : 'plain'}
            onPress={() => void attempt(work)}
          />
        ))}
        <Button label="Close" onPress={onClose} />
      </View>
    </Modal>
  );
}

function actionsOf(
  item: MessageItem,
  onIntent: (intent: Intent) => void,
  onReport: (messageId: string) => void,
): Action[] {
  const { clientId, error, id, state, content, deletedAt } = item;
  const isMine = isOwn(item);
  const actions: Action[] = [];
  if (state !== 'rejected') actions.push({ label: 'Reply', work: () => onIntent({ type: 'reply', item }) });
  if (content !== null && content !== '')
    actions.push({ label: 'Copy text', work: () => Clipboard.setStringAsync(content) });
  // A message that this device cannot keep is pending, and has an error as well.
  if (error !== undefined && clientId !== null)
    actions.push({ label: 'Try again', work: () => client.outbox.retry(clientId) });
  if (isMine && content !== null && content !== '')
    actions.push({ label: 'Edit', work: () => onIntent({ type: 'edit', item }) });
  if (id !== null && !isMine && deletedAt === null) actions.push({ label: 'Report', work: () => onReport(id) });
  if (error !== undefined) actions.push({ label: 'Discard', isDangerous: true, work: () => client.delete(item) });
  else if (isMine) actions.push({ label: 'Delete for everyone', isDangerous: true, work: () => client.delete(item) });
  if (id !== null)
    actions.push({ label: 'Delete for me', isDangerous: true, work: () => client.delete(item, { for: 'me' }) });
  return actions;
}
