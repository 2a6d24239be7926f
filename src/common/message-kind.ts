export const MESSAGE_KINDS = ['TEXT', 'IMAGE', 'VIDEO', 'AUDIO', 'FILE', 'SYSTEM'] as const;

/** What a message is; attachments decide it, SYSTEM ones are written by the server (contract, section 5). */
export type MessageKind = (typeof MESSAGE_KINDS)[number];
