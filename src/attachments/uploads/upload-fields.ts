import { invalidField } from '../../common/errors.js';
import { UUID_PATTERN } from '../../common/identifier.js';
import { WAVEFORM_LENGTH } from '../../common/attachment-kind.js';

/** What a client says of a file besides its bytes. Wrong or right, it decides nothing but how the file is shown. */
export interface UploadHints {
  /** Recorded to be listened to as a message; of an AUDIO alone. */
  voice: boolean;
  /** Its loudness over time, 64 numbers from 0 to 100; of an AUDIO alone. */
  waveform: readonly number[] | null;
}

export interface UploadFields extends UploadHints {
  /** The film whose poster the file is; null for a file of its own. */
  posterFor: string | null;
}

/** What a form may say beside its file. */
export const UPLOAD_FIELDS = ['voice', 'waveform', 'posterFor'] as const satisfies readonly (keyof UploadFields)[];

/**
 * The fields beside a file, of a form or of an upload's metadata; others than `UPLOAD_FIELDS` mean nothing here.
 * @throws DomainError VALIDATION_FAILED
 */
export function uploadFields(fields: ReadonlyMap<string, string>): UploadFields {
  const voice = fields.get('voice') ?? 'false';
  if (voice !== 'true' && voice !== 'false') throw invalidField('voice', 'voice must be true or false');
  const posterFor = fields.get('posterFor')?.toLowerCase() ?? null;
  if (posterFor !== null && !UUID_PATTERN.test(posterFor)) throw invalidField('posterFor', 'posterFor must be an id');
  const waveform = fields.get('waveform');
  return { voice: voice === 'true', waveform: waveform === undefined ? null : waveformOf(waveform), posterFor };
}

function waveformOf(text: string): number[] {
  const numbers = text
    .replace(/^\s*\[|\]\s*$/g, '')
    .split(',')
    .map((number) => number.trim());
  if (numbers.length !== WAVEFORM_LENGTH || !numbers.every((number) => /^(\d{1,2}|100)$/.test(number)))
    throw invalidField('waveform', `waveform must be ${WAVEFORM_LENGTH} whole numbers from 0 to 100`);
  return numbers.map(Number);
}
