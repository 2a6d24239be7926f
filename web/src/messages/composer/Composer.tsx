import type { Conversation, MessageItem, UploadSource } from '@parley/client';
import { useCallback, useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';
import { useDraft } from '@parley/client/react';
import { Lazy } from '../../app/Lazy.js';
import { nameOf } from '../../conversations/names.js';
import { Icon } from '../../design/Icon.js';
import { isOfInputMethod } from '../../design/input-method.js';
import { client } from '../../session/client.js';
import { t } from '../../texts/texts.js';
import { canEdit, type Intent } from '../actions.js';
import { keepIntent } from '../kept-intent.js';
import type { PickFiles } from '../files/picked-files.js';
import { MAX_CHARACTERS, charactersOf, filesOf, sendMessage, withFiles } from '../sending.js';

/** From here on the number of characters that are left is shown. */
const WARN_BELOW = 300;

const intentBar = () => import('./IntentBar.js');
const composerFiles = () => import('./ComposerFiles.js');
const emojiPicker = () => import('./EmojiPicker.js');
const recorder = () => import('./Recorder.js');

const textOf = (intent: Intent): string => (intent.type === 'edit' ? (intent.text ?? intent.item.content ?? '') : '');

const isSame = (one: MessageItem, other: MessageItem): boolean =>
  one.id === null || other.id === null ? one.clientId === other.clientId : one.id === other.id;

interface Properties {
  conversation: Conversation;
  /** Whether the cursor goes into it when the conversation opens: not where a message was asked for. */
  isFirst: boolean;
  intent: Intent;
  files: readonly File[];
  onFiles: PickFiles;
  onIntent: (intent: Intent) => void;
  onSent: () => void;
  onEditLast: () => void;
}

export function Composer({ conversation, isFirst, intent, files, onFiles, onIntent, onSent, onEditLast }: Properties) {
  const { id } = conversation;
  const [draft, keepDraft] = useDraft(id);
  const [edit, setEdit] = useState(textOf(intent));
  const [isPicking, pick] = useState(false);
  const [isRecording, record] = useState(false);
  const field = useRef<HTMLTextAreaElement>(null);
  const picker = useRef<HTMLInputElement>(null);
  const shown = useRef(intent);
  /** Where it would open a keyboard nobody has asked for it. */
  const focusByMouse = (): void => {
    if (matchMedia('(pointer: fine)').matches) field.current?.focus({ preventScroll: true });
  };
  // The draft waits while another message is edited.
  const isEditing = intent.type === 'edit';
  const text = isEditing ? edit : draft;
  const leftOf = (written: string): number => MAX_CHARACTERS - charactersOf(written);
  const left = leftOf(text);
  // An edit may take the text from beside files; it cannot change the files.
  const hasFiles = isEditing ? intent.item.attachments.length > 0 : files.length > 0;
  const isSendable = (written: string): boolean => leftOf(written) >= 0 && (written.trim() !== '' || hasFiles);
  const canSend = isSendable(text);

  useLayoutEffect(() => {
    // One that was kept opens no keyboard.
    if (shown.current === intent) return;
    shown.current = intent;
    setEdit(textOf(intent));
    if (intent.type !== 'new') field.current?.focus();
  }, [intent, id]);
  const kept = isEditing ? draft : '';
  useEffect(() => {
    if (intent.type === 'new') return;
    const { item, type } = intent;
    const messages = client.messages(id);
    let wasThere = false;
    const check = (): void => {
      const current = messages.getSnapshot().items.find((other) => isSame(other, item));
      if (shown.current !== intent) return;
      wasThere ||= current !== undefined;
      // One that was not sent is there no more once it is deleted.
      const isGone = current === undefined ? wasThere && item.id === null : current.deletedAt !== null;
      const written = field.current?.value ?? textOf(intent);
      if (isGone || (type === 'edit' && current !== undefined && !canEdit(current))) {
        // What was changed is a draft now, below the one that there is; what was deleted is none.
        if (type === 'edit' && written !== (item.content ?? ''))
          keepDraft(kept === '' ? written : `${kept}\n${written}`);
        onIntent({ type: 'new' });
      } else if (type === 'edit' && current !== undefined && ![item.content, written].includes(current.content)) {
        // Edited elsewhere: what would be overwritten stands above the field, and in it where nothing was changed there.
        onIntent({ type, item: current, ...(written === item.content ? {} : { text: written }) });
      }
    };
    check();
    return messages.subscribe(check);
  }, [intent, id, kept]);
  useEffect(() => {
    // Once the page is shown: what was chosen must not wait for them, nor be lost to a newer build that does not have them.
    for (const load of [composerFiles, intentBar]) load().catch(() => undefined);
  }, []);
  useLayoutEffect(() => {
    if (isFirst) focusByMouse();
  }, [id]);

  const write = (next: string): void => {
    if (isEditing) {
      keepIntent(id, { ...intent, text: next });
      return setEdit(next);
    }
    keepDraft(next);
    client.typing(id, next !== '');
  };
  const addFiles = (added: readonly File[]): void => {
    onFiles(withFiles(files, added));
  };
  const send = (): void => {
    // What is in the field at this moment: programs that type are faster than what is drawn.
    const written = field.current?.value ?? text;
    if (!isSendable(written)) return;
    const copied = sendMessage({ conversationId: id, text: written, files, intent });
    if (!isEditing) {
      keepDraft('');
      onFiles([], copied);
      client.typing(id, false);
    }
    onSent();
    field.current?.focus();
  };
  const insert = (emoji: string): void => {
    const { selectionStart = text.length, selectionEnd = text.length } = field.current ?? {};
    write(text.slice(0, selectionStart) + emoji + text.slice(selectionEnd));
    requestAnimationFrame(() => {
      field.current?.focus();
      field.current?.setSelectionRange(selectionStart + emoji.length, selectionStart + emoji.length);
    });
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    if (isOfInputMethod(event)) return;
    if (event.key === 'Enter' && !event.shiftKey) {
      event.preventDefault();
      send();
    } else if (event.key === 'Escape' && intent.type !== 'new') onIntent({ type: 'new' });
    else if (event.key === 'ArrowUp' && text === '' && intent.type === 'new') {
      event.preventDefault();
      onEditLast();
    }
  };
  const endRecording = useCallback(() => {
    record(false);
    requestAnimationFrame(focusByMouse);
  }, []);
  const sendRecording = useCallback(
    (recording: UploadSource) => {
      // An edit that began meanwhile is of another message.
      void sendMessage({
        conversationId: id,
        text: '',
        files: [recording],
        intent: isEditing ? { type: 'new' } : intent,
      });
      onSent();
    },
    [id, intent, isEditing, onSent],
  );

  if (isRecording)
    return (
      <Lazy load={recorder} onSend={sendRecording} onKeep={addFiles} onEnd={endRecording} onFailed={endRecording} />
    );
  return (
    <form
      class="composer"
      onSubmit={(event) => {
        event.preventDefault();
        send();
      }}
    >
      {intent.type === 'new' ? null : (
        <Lazy load={intentBar} intent={intent} onEnd={() => onIntent({ type: 'new' })} isOptional />
      )}
      {files.length > 0 && !isEditing ? <Lazy load={composerFiles} files={files} onFiles={onFiles} isOptional /> : null}
      <div class="composer-row">
        {isEditing ? null : (
          <button
            type="button"
            class="icon-button"
            aria-label={t('chat.attach')}
            title={t('chat.attach')}
            onClick={() => picker.current?.click()}
          >
            <Icon name="attach" />
          </button>
        )}
        <input
          ref={picker}
          type="file"
          multiple
          hidden
          onChange={({ currentTarget }) => {
            addFiles([...(currentTarget.files ?? [])]);
            currentTarget.value = '';
            // The chooser's button has it still: Enter is to send, not to choose again.
            focusByMouse();
          }}
        />
        <textarea
          ref={field}
          class="composer-text"
          rows={1}
          dir="auto"
          value={text}
          placeholder={t('chat.write')}
          aria-label={isEditing ? t('chat.editing') : t('chat.writeTo', { name: nameOf(conversation) })}
          enterkeyhint="send"
          onInput={({ currentTarget }) => write(currentTarget.value)}
          onKeyDown={onKeyDown}
          onBlur={() => client.typing(id, false)}
          onPaste={(event) => {
            const pasted = filesOf(event.clipboardData);
            if (pasted.length === 0) return;
            event.preventDefault();
            addFiles(pasted);
          }}
        />
        <button
          type="button"
          class="icon-button"
          aria-label={t('chat.emoji')}
          title={t('chat.emoji')}
          onClick={() => pick(true)}
        >
          <Icon name="smile" />
        </button>
        {canSend || isEditing || text !== '' ? (
          <button class="icon-button solid" aria-label={t('chat.send')} title={t('chat.send')} disabled={!canSend}>
            <Icon name={isEditing ? 'check' : 'send'} />
          </button>
        ) : (
          <button
            type="button"
            class="icon-button"
            aria-label={t('chat.record')}
            title={t('chat.record')}
            onClick={() => record(true)}
          >
            <Icon name="mic" />
          </button>
        )}
      </div>
      {left < WARN_BELOW ? (
        <p class={left < 0 ? 'fault small' : 'soft small'} role="status">
          {left < 0 ? t('chat.tooLong', { count: -left }) : t('chat.left', { count: left })}
        </p>
      ) : null}
      {isPicking ? (
        <Lazy load={emojiPicker} onChoose={insert} onClose={() => pick(false)} onFailed={() => pick(false)} />
      ) : null}
    </form>
  );
}
