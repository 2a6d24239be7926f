import type { CreateReport } from '@parley/client';
import { useState } from 'react';
import { Modal, Pressable, ScrollView, View } from 'react-native';
import { useSafeAreaInsets } from 'react-native-safe-area-context';
import { client } from '../chat/client';
import { errorText } from '../chat/words';
import { AboveKeyboard } from '../design/AboveKeyboard';
import { Button, Field, Notice, Words } from '../design/controls';
import { RADIUS, SPACE, useColors } from '../design/theme';

const REASONS = [
  ['SPAM', 'Spam'],
  ['HARASSMENT', 'Harassment or bullying'],
  ['VIOLENCE', 'Violence or threats'],
  ['SEXUAL', 'Sexual content'],
  ['SELF_HARM', 'Somebody may hurt themselves'],
  ['ILLEGAL', 'Something illegal'],
  ['OTHER', 'Something else'],
] as const;
/** As the server has it. */
const MAX_COMMENT_LENGTH = 1_000;

interface Properties {
  title: string;
  targetType: CreateReport['targetType'];
  targetId: string;
  onClose: () => void;
}

/** Asks why somebody or something is reported, and sends it to the server's moderators. */
export function ReportSheet({ title, targetType, targetId, onClose }: Properties) {
  const { paper, shade } = useColors();
  const { bottom } = useSafeAreaInsets();
  const [comment, setComment] = useState('');
  const [state, setState] = useState<'asking' | 'sending' | 'sent'>('asking');
  const [error, setError] = useState<unknown>();
  const send = async (reason: CreateReport['reason']): Promise<void> => {
    setState('sending');
    setError(undefined);
    try {
      const words = comment.trim();
      await client.report({ targetType, targetId, reason, ...(words === '' ? {} : { comment: words }) });
      setState('sent');
    } catch (cause) {
      setError(cause);
      setState('asking');
    }
  };
  return (
    <Modal transparent animationType="fade" onRequestClose={onClose}>
      <AboveKeyboard>
        <Pressable aria-label="Close" style={{ flex: 1, backgroundColor: shade }} onPress={onClose} />
        <View
          role="dialog"
          aria-label={title}
          style={{
            maxHeight: '80%',
            gap: SPACE.s,
            padding: SPACE.l,
            paddingBottom: SPACE.l + bottom,
            backgroundColor: paper,
            borderTopLeftRadius: RADIUS.l,
            borderTopRightRadius: RADIUS.l,
          }}
        >
          <Words kind="title">{title}</Words>
          {error === undefined ? null : <Notice kind="danger">{errorText(error)}</Notice>}
          {state === 'sent' ? (
            <Notice>Thank you. The moderators will look at it.</Notice>
          ) : (
            <ScrollView contentContainerStyle={{ gap: SPACE.s }} keyboardShouldPersistTaps="handled">
              <Words kind="soft">
                The moderators of this server see it with what stands around it now. Nobody else learns of it.
              </Words>
              <Field
                label="What should they know? (may be left empty)"
                value={comment}
                onChangeText={setComment}
                maxLength={MAX_COMMENT_LENGTH}
                multiline
              />
              <Words kind="small">What is wrong with it?</Words>
              {REASONS.map(([reason, label]) => (
                <Button key={reason} label={label} isDisabled={state === 'sending'} onPress={() => void send(reason)} />
              ))}
            </ScrollView>
          )}
          <Button label={state === 'sent' ? 'Close' : 'Cancel'} onPress={onClose} />
        </View>
      </AboveKeyboard>
    </Modal>
  );
}
