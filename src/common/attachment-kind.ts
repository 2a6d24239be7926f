export const ATTACHMENT_KINDS = ['IMAGE', 'VIDEO', 'AUDIO', 'FILE'] as const;

/** What a client does with a file: show it, play it, or offer it for download. */
export type AttachmentKind = (typeof ATTACHMENT_KINDS)[number];

/** How many numbers a waveform has. */
export const WAVEFORM_LENGTH = 64;
