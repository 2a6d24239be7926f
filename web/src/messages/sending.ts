import type { UploadSource } from '@parley/client';
import { notify } from '../app/toasts.js';
import { client } from '../session/client.js';
import { errorText } from '../texts/error-text.js';
import { t } from '../texts/texts.js';
import type { Intent } from './actions.js';

export const MAX_CHARACTERS = 8_000;
const MAX_FILES = 10;

/** As the server counts: code points. */
export function charactersOf(text: string): number {
  if (text.length <= MAX_CHARACTERS / 2) return text.length;
  let count = 0;
  for (const _ of text) count += 1;
  return count;
}

/** Those that a message is going to have; says why where one of them cannot go. */
export function withFiles(held: readonly File[], added: readonly File[]): readonly File[] {
  for (const { name, size } of added) if (size === 0) notify(t('chat.emptyFile', { name }));
  const files = [...held, ...added.filter(({ size }) => size > 0)];
  if (files.length > MAX_FILES) notify(t('chat.tooManyFiles'));
  return files.slice(0, MAX_FILES);
}

/** Of what is pasted. A bitmap beside formatted text, as of an office program, shows the same: then the text is taken. */
export function filesOf(pasted: DataTransfer | null): readonly File[] {
  // The text beside a file that was copied is its name, and never formatted.
  if (['text/plain', 'text/html'].every((type) => pasted?.types.includes(type))) return [];
  return [...(pasted?.files ?? [])];
}

interface Outgoing {
  conversationId: string;
  text: string;
  files: readonly (File | UploadSource)[];
  intent: Intent;
}

/**
 * It is shown in the same moment. Only where this device can keep nothing is there something to say.
 * @returns when it is kept, with a copy of its files
 */
export function sendMessage({ conversationId, text, files, intent }: Outgoing): Promise<void> {
  const content = text.trim() === '' ? undefined : text;
  const done =
    intent.type === 'edit'
      ? client.edit(intent.item, content ?? '')
      : client.send({
          conversationId,
          attachments: files,
          ...(content === undefined ? {} : { content }),
          ...(intent.type === 'reply' ? { replyToId: intent.item.id ?? intent.item.clientId ?? undefined } : {}),
        }).stored;
  return done.catch((error: unknown) => notify(errorText(error)));
}
