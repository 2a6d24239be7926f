import type { Readable } from 'node:stream';
import { Injectable } from '@nestjs/common';
import { DomainError, invalidField } from '../common/errors.js';
import type { Principal } from '../common/access/principal.js';
import type { Transaction } from '../database/database.js';
import { AttachmentLinks } from './serving/attachment-urls.js';
import { AttachmentSweeper } from './attachment-sweeper.js';
import { type StoredFile, type Variant } from './attachment.js';
import type { Avatar, AvatarChoice } from './avatar.js';
import { type AttachmentRow, AttachmentsRepository } from './attachments.repository.js';
import type { AttachmentView, UsageView } from '../views/attachments.view.js';
import { blobKey } from './store/blob-keys.js';
import { BlobStore, type ByteRange } from './store/blob-store.js';
import { StoreFailures } from './uploads/store-failures.js';
import { UploadQuota } from './uploads/upload-quota.js';

export type { AttachmentRow } from './attachments.repository.js';

/** Files that users have uploaded: who may use them, once (contract, section 7), their bytes, and when they go. */
@Injectable()
export class AttachmentsService {
  constructor(
    private readonly repository: AttachmentsRepository,
    private readonly store: BlobStore,
    private readonly failures: StoreFailures,
    private readonly quota: UploadQuota,
    private readonly links: AttachmentLinks,
    private readonly sweeper: AttachmentSweeper,
  ) {}

  /** Those of a user's own uploads that are named, in that order; those that are not there are left out. */
  async ofOwner(ownerId: string, ids: readonly string[]): Promise<StoredFile[]> {
    const rows = new Map((await this.repository.ofOwner(ownerId, ids)).map((row) => [row.id, row]));
    return ids.flatMap((id) => {
      const row = rows.get(id);
      return row === undefined ? [] : [storedFile(row)];
    });
  }

  /** Which of these are a user's own uploads that a message may still use. */
  async unusedOf(ownerId: string, ids: readonly string[]): Promise<Set<string>> {
    const rows = await this.repository.ofOwner(ownerId, ids);
    return new Set(rows.flatMap(({ id, messageId, isAvatar }) => (messageId === null && !isAvatar ? [id] : [])));
  }

  /** What the files of a user take, and may take. */
  usageOf({ userId }: Pick<Principal, 'userId'>): Promise<UsageView> {
    return this.quota.usageOf(userId);
  }

  /** Checks no access. @throws DomainError NOT_FOUND */
  async find(id: string): Promise<AttachmentRow> {
    const row = await this.repository.find(id);
    if (row === undefined) throw new DomainError('NOT_FOUND');
    return row;
  }

  /** Within the caller's transaction: files that outlive their message, for as long as this keeper wants them. */
  keep(transaction: Transaction, keeperId: string, ids: readonly string[]): Promise<void> {
    return this.repository.keep(transaction, keeperId, ids);
  }

  /** Within the caller's transaction. Once it is committed, `sweep` removes what no message has any more. */
  giveUpKept(transaction: Transaction, keeperIds: readonly string[]): Promise<void> {
    return this.repository.giveUpKept(transaction, keeperIds);
  }

  /** What a keeper keeps, by id. Checks no access. */
  async keptBy(keeperId: string): Promise<ReadonlyMap<string, AttachmentRow>> {
    return new Map((await this.repository.keptBy(keeperId)).map((row) => [row.id, row]));
  }

  view(file: StoredFile): AttachmentView {
    return this.links.view(storedFile(file));
  }

  /**
   * Within the transaction that changes somebody's picture: what it becomes; undefined where it stays.
   * @param currentId the upload that is the picture now: naming it again changes nothing
   * @throws DomainError VALIDATION_FAILED unless an `avatarId` is an image of the caller's own that nothing uses yet.
   */
  async chosenAvatar(
    transaction: Transaction,
    { userId }: Principal,
    { avatarId, avatarUrl }: AvatarChoice,
    currentId: string | null,
  ): Promise<Avatar | undefined> {
    if (avatarId !== undefined && avatarId === currentId) return undefined;
    if (avatarId === undefined) return avatarUrl === undefined ? undefined : { avatarId: null, avatarUrl };
    if (!(await this.repository.lockUnusedImage(transaction, avatarId, userId)))
      throw invalidField('avatarId', 'avatarId must be an unused image of your own');
    return { avatarId, avatarUrl: null };
  }

  /** The bytes of one variant, and how many the file has. */
  async read(id: string, variant: Variant, range?: ByteRange): Promise<Readable> {
    const stream = await this.failures.guarded(() => this.store.read(blobKey(id, variant), range));
    if (stream === undefined) throw new DomainError('NOT_FOUND');
    return stream;
  }

  /**
   * @param isStored whether the store is asked for an original, too, whose row says its size also where its bytes are gone
   * @throws DomainError NOT_FOUND where there are no bytes.
   */
  async sizeOf(row: AttachmentRow, variant: Variant, { isStored }: { isStored: boolean }): Promise<number> {
    const size =
      variant === 'original' && !isStored
        ? row.size
        : await this.failures.guarded(() => this.store.sizeOf(blobKey(row.id, variant)));
    if (size === undefined) throw new DomainError('NOT_FOUND');
    return size;
  }

  /** Within the transaction that deletes a message. Once it is committed, `sweep` removes the bytes. */
  async markPendingDeletionOfMessage(transaction: Transaction, messageId: string): Promise<void> {
    await this.repository.markPendingDeletionOfMessage(transaction, messageId);
  }

  /** Within the transaction that erases a user: what it never used. Its messages stay, with what they carry. */
  async eraseOwner(transaction: Transaction, ownerId: string): Promise<void> {
    await this.repository.markUnusedPendingDeletion(transaction, ownerId);
    await this.repository.forgetUploadMetadata(transaction, ownerId);
  }

  /** A page of what a user uploaded, by id, with URLs to fetch it from. */
  async export(ownerId: string, after: string, limit: number): Promise<{ id: string }[]> {
    const rows = await this.repository.export(ownerId, after, limit);
    return rows.map((row) => ({ ...row, url: row.state === 'READY' ? this.links.urlOf(row.id, 'original') : null }));
  }

  /** Removes soon what is to be deleted. */
  sweep(): void {
    this.sweeper.soon();
  }
}

function storedFile(row: StoredFile): StoredFile {
  const { id, kind, mimeType, size, name, width, height, blurhash, durationMs, waveform } = row;
  const { voice, animated, hasPoster } = row;
  return { id, kind, mimeType, size, name, width, height, blurhash, durationMs, waveform, voice, animated, hasPoster };
}
