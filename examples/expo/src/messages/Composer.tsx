import type { MessageItem } from '@parley/client';
import { useDraft, useSend, useTyping } from '@parley/client/react';
import { useEffect, useState } from 'react';
import { Platform, TextInput, View } from 'react-native';
import { useSafeAreaInsets } from 'react-native-safe-area-context';
import { client } from '../chat/client';
import { excerptOf } from '../chat/names';
import { errorText } from '../chat/words';
import { IconButton, Notice, Words } from '../design/controls';
import { RADIUS, SPACE, TAP, useColors } from '../design/theme';
import { PickedPictures } from './PickedPictures';
import { usePickedPictures } from './picked-pictures';
import { pickPictures } from './pictures';

export type Intent = { type: 'new' } | { type: 'reply' | 'edit'; item: MessageItem };

const MAX_CHARACTERS = 8_000;
const MAX_PICTURES = 10;

interface Properties {
  conversationId: string;
  name: string;
  intent: Intent;
  onDone: () => void;
  onSent: () => void;
}

export function Composer({ conversationId, name, intent, onDone, onSent }: Properties) {
  const { accent, ink, soft, surface, line, sunken } = useColors();
  const { bottom } = useSafeAreaInsets();
  const send = useSend(conversationId);
  const [draft, keepDraft] = useDraft(conversationId);
  const [, type] = useTyping(conversationId);
  const [edited, setEdited] = useState('');
  const [pictures, setPictures] = usePickedPictures(conversationId);
  const [error, setError] = useState<unknown>();
  const isEdit = intent.type === 'edit';
  const text = isEdit ? edited : draft;
  useEffect(() => {
    if (intent.type === 'edit') setEdited(intent.item.content ?? '');
  }, [intent]);

  const write = (next: string): void => {
    if (isEdit) return setEdited(next);
    keepDraft(next);
    type(next !== '');
  };
  const room = MAX_PICTURES - pictures.length;
  const pick = (from: 'library' | 'camera'): void => {
    setError(undefined);
    pickPictures(from, room).then((picked) => {
      setPictures((held) => [...held, ...picked].slice(0, MAX_PICTURES));
      // A browser lets one pick more.
      if (picked.length > room)
        setError(new Error(`A message takes ${MAX_PICTURES} pictures. The others are left out.`));
    }, setError);
  };
  const isTooLong = [...text].length > MAX_CHARACTERS;
  const isReady = !isTooLong && (text.trim() !== '' || (pictures.length > 0 && !isEdit));
  const submit = (): void => {
    if (!isReady) return;
    setError(undefined);
    if (intent.type === 'edit') client.edit(intent.item, text).catch(setError);
    else {
      // The bubble is there before this returns; whatever happens now, it is sent once.
      const replyToId = intent.type === 'reply' ? (intent.item.id ?? intent.item.clientId ?? undefined) : undefined;
      send(text, {
        attachments: pictures.map(({ source }) => source),
        ...(replyToId === undefined ? {} : { replyToId }),
      });
      keepDraft('');
      type(false);
      setPictures(() => []);
      onSent();
    }
    onDone();
  };
  return (
    <View style={{ backgroundColor: surface, borderTopWidth: 1, borderColor: line, paddingBottom: bottom }}>
      {intent.type === 'new' ? null : <IntentBar intent={intent} onCancel={onDone} />}
      {error === undefined ? null : <Notice kind="danger">{errorText(error)}</Notice>}
      {isTooLong ? <Notice kind="danger">{`${[...text].length - MAX_CHARACTERS} characters too many`}</Notice> : null}
      <PickedPictures
        pictures={pictures}
        onRemove={(gone) => setPictures((held) => held.filter((one) => one !== gone))}
      />
      <View style={{ flexDirection: 'row', alignItems: 'flex-end', padding: SPACE.s }}>
        {isEdit ? null : (
          <>
            <IconButton
              icon="image-outline"
              label="Pictures from the library"
              isDisabled={room === 0}
              onPress={() => pick('library')}
            />
            <IconButton
              icon="camera-outline"
              label="Take a picture"
              isDisabled={room === 0}
              onPress={() => pick('camera')}
            />
          </>
        )}
        <TextInput
          aria-label={`Write to ${name}`}
          placeholder="Message"
          placeholderTextColor={soft}
          multiline
          value={text}
          onChangeText={write}
          onBlur={() => type(false)}
          {...(Platform.OS === 'web'
            ? { ...ONE_ROW, onKeyPress: (event) => void (isSendKey(event) && (event.preventDefault(), submit())) }
            : {})}
          style={{
            flex: 1,
            minHeight: TAP,
            maxHeight: 140,
            paddingHorizontal: SPACE.m,
            paddingVertical: 11,
            borderRadius: RADIUS.l,
            backgroundColor: sunken,
            color: ink,
            fontSize: 16,
            outlineColor: accent,
            ...(Platform.OS === 'web' ? GROWS : {}),
          }}
        />
        <IconButton icon="send" label="Send" isDisabled={!isReady} onPress={submit} />
      </View>
    </View>
  );
}

/** It grows with its text, as those of phones do by themselves. */
const ONE_ROW = { rows: 1 };
const GROWS = { fieldSizing: 'content' } as object;

/** With a keyboard Enter sends, and with Shift begins a new line. */
function isSendKey({
  nativeEvent,
}: {
  nativeEvent: { key: string; shiftKey?: boolean; isComposing?: boolean; keyCode?: number };
}): boolean {
  const { key, shiftKey, isComposing, keyCode } = nativeEvent;
  // By it an input method ends a word; 229 is Safari's way to say so.
  return key === 'Enter' && shiftKey !== true && isComposing !== true && keyCode !== 229;
}

function IntentBar({ intent, onCancel }: { intent: Exclude<Intent, { type: 'new' }>; onCancel: () => void }) {
  const isEdit = intent.type === 'edit';
  return (
    <View style={{ flexDirection: 'row', alignItems: 'center', paddingLeft: SPACE.l }}>
      <Words kind="small" numberOfLines={1} style={{ flex: 1 }}>
        {isEdit ? 'Edit: ' : 'Reply to: '}
        {excerptOf(intent.item)}
      </Words>
      <IconButton icon="close" label={isEdit ? 'Do not edit' : 'Do not reply'} onPress={onCancel} />
    </View>
  );
}
