import { createHmac, timingSafeEqual } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { Clock } from '../../common/clock.js';
import { DomainError } from '../../common/errors.js';
import { Configuration } from '../../config/configuration.js';
import { derivedKeys, type SecretKeys } from '../../config/secrets/secret-keys.js';
import { UUID_PATTERN } from '../../common/identifier.js';
import { isExternal, type MessageAttachment, type StoredFile, type Variant, VARIANTS } from '../attachment.js';
import type { AttachmentView } from '../../views/attachments.view.js';

const FILE_PATH = /^\/attachments\/([^/]+)\/([^/]+)$/;

/**
 * URLs of attachments: whoever has one may read the file until it expires, nobody else can. They are given only in
 * what members of the conversation read.
 *
 * A URL stays the same for half its life, so that clients and caches need not fetch a file again with every page.
 */
@Injectable()
export class AttachmentLinks {
  private readonly keys: SecretKeys;
  private readonly halfLifeSeconds: number;

  constructor(
    private readonly clock: Clock,
    configuration: Configuration,
  ) {
    this.keys = derivedKeys(configuration, 'parley attachment address');
    this.halfLifeSeconds = configuration.attachmentUrlSeconds / 2;
  }

  view(attachment: MessageAttachment): AttachmentView {
    return isExternal(attachment) ? externalView(attachment) : this.storedView(attachment);
  }

  /** @throws DomainError NOT_FOUND for one that this server never gave, URL_EXPIRED for one it gave too long ago. */
  check(id: string, variant: Variant, expires: string, signature: string): void {
    if (!this.isSigned(id, variant, expires, signature)) throw new DomainError('NOT_FOUND');
    if (this.secondsLeft(expires) <= 0) throw new DomainError('URL_EXPIRED');
  }

  /**
   * The attachment that a whole URL names, where this server gave its path, however long ago: under whichever of the
   * server's names a client resolved it. Undefined for every other URL.
   */
  attachmentOf(url: string): string | undefined {
    if (!URL.canParse(url)) return undefined;
    const { protocol, pathname, searchParams } = new URL(url);
    const [, id = '', name] = FILE_PATH.exec(pathname) ?? [];
    const variant = VARIANTS.find((known) => known === name);
    if (!/^https?:$/.test(protocol) || !UUID_PATTERN.test(id) || variant === undefined) return undefined;
    const [expires, signature] = [searchParams.get('expires') ?? '', searchParams.get('signature') ?? ''];
    return this.isSigned(id, variant, expires, signature) ? id : undefined;
  }

  private isSigned(id: string, variant: Variant, expires: string, signature: string): boolean {
    const given = Buffer.from(signature, 'base64url');
    return this.keys.some((key) => {
      const right = this.signature(id, variant, expires, key);
      return given.length === right.length && timingSafeEqual(given, right);
    });
  }

  secondsLeft(expires: string): number {
    return Number(expires) - Math.floor(this.clock.now() / 1_000);
  }

  private storedView(file: StoredFile): AttachmentView {
    const { id, kind, mimeType, size, name, width, height, blurhash } = file;
    const hasPictures = kind === 'IMAGE' || file.hasPoster;
    return {
      id,
      external: false,
      kind,
      mimeType,
      size,
      name,
      width,
      height,
      blurhash,
      // What was sent before these were known does not have them.
      durationMs: file.durationMs ?? null,
      waveform: file.waveform ?? null,
      voice: file.voice ?? false,
      animated: file.animated ?? false,
      thumbnailUrl: hasPictures ? this.urlOf(id, '320') : null,
      previewUrl: hasPictures ? this.urlOf(id, '1280') : null,
      url: this.urlOf(id, 'original'),
    };
  }

  /** For who may read it: of an attachment that is there. */
  urlOf(id: string, variant: Variant): string {
    const half = this.halfLifeSeconds;
    const expires = String(Math.ceil((Math.ceil(this.clock.now() / 1_000 / half) + 1) * half));
    const signature = this.signature(id, variant, expires).toString('base64url');
    return `/attachments/${id}/${variant}?expires=${expires}&signature=${signature}`;
  }

  private signature(id: string, variant: Variant, expires: string, key: Buffer = this.keys[0]): Buffer {
    return createHmac('sha256', key).update(`${id}/${variant}/${expires}`).digest();
  }
}

function externalView({ url, kind, name, size }: Extract<MessageAttachment, { url: string }>): AttachmentView {
  return {
    id: null,
    external: true,
    kind,
    mimeType: null,
    size,
    name,
    width: null,
    height: null,
    blurhash: null,
    durationMs: null,
    waveform: null,
    voice: false,
    animated: false,
    thumbnailUrl: null,
    previewUrl: null,
    url,
  };
}
