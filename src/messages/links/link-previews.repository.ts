import { Injectable } from '@nestjs/common';
import { Database } from '../../database/database.js';
import { PENDING_DELETION } from '../../attachments/attachment-state.js';

/** As it is stored with a message. */
export interface StoredLinkPreview {
  url: string;
  title: string;
  description: string | null;
  siteName: string | null;
  /** An attachment that the message carries for its preview alone. */
  imageId: string | null;
}

@Injectable()
export class LinkPreviewsRepository {
  constructor(private readonly database: Database) {}

  /** Whether `add` would add one now. */
  async isWanted(messageId: string, content: string): Promise<boolean> {
    const wanted = await this.database.query(
      'SELECT 1 FROM messages WHERE id = $1 AND content = $2 AND deleted_at IS NULL AND link_preview IS NULL',
      [messageId, content],
      'link_preview_wanted',
    );
    return wanted.length > 0;
  }

  /** False where the message has another text by now, was deleted, or has a preview or may have none. */
  async add(messageId: string, content: string, preview: StoredLinkPreview): Promise<boolean> {
    const added = await this.database.queryAtomically(
      `WITH previewed AS (
         UPDATE messages SET link_preview = $3::jsonb, version = version + 1
         WHERE id = $1 AND content = $2 AND deleted_at IS NULL AND link_preview IS NULL
         RETURNING id, conversation_id
       ), used AS (
         UPDATE attachments a SET message_id = previewed.id, conversation_id = previewed.conversation_id
         FROM previewed WHERE a.id = $4::uuid AND a.message_id IS NULL AND a.state = 'READY'
       )
       SELECT id FROM previewed`,
      [messageId, content, JSON.stringify(preview), preview.imageId],
      'link_preview_add',
    );
    return added.length > 0;
  }

  /** For good, whatever its author edits afterwards. False where that was so before, or it was deleted. */
  async remove(messageId: string): Promise<boolean> {
    const removed = await this.database.queryAtomically(
      `WITH former AS (
         SELECT id, (link_preview ->> 'imageId')::uuid AS image_id FROM messages
         WHERE id = $1 AND deleted_at IS NULL AND NOT COALESCE(link_preview ? 'removed', false)
         FOR UPDATE
       ), removed AS (
         UPDATE messages m SET link_preview = '{"removed": true}', version = m.version + 1 FROM former WHERE m.id = former.id
       ), unused AS (
         UPDATE attachments a SET state = '${PENDING_DELETION}' FROM former WHERE a.id = former.image_id
       )
       SELECT id FROM former`,
      [messageId],
      'link_preview_remove',
    );
    return removed.length > 0;
  }
}
