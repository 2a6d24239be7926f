import { Transform, type TransformCallback } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { Injectable } from '@nestjs/common';
import type { Request, Response } from 'express';
import fresh from 'fresh';
import { DomainError } from '../../common/errors.js';
import type { Variant } from '../attachment.js';
import type { AttachmentRow } from '../attachments.repository.js';
import { AttachmentsService } from '../attachments.service.js';
import { servedType } from '../media/media-type.js';
import { contentDisposition, previewName } from '../uploads/file-name.js';
import { byteRange } from './byte-range.js';

/** Whatever a file holds, a browser that shows it runs nothing of it and asks nobody for anything. */
const FILE_POLICY = "default-src 'none'; style-src 'unsafe-inline'; media-src 'self'; frame-ancestors 'none'; sandbox";

/** Answers a request with the bytes of a file that its caller may read: ranges, conditions and HEAD. */
@Injectable()
export class AttachmentServing {
  constructor(private readonly attachments: AttachmentsService) {}

  /**
   * @param cacheControl what an answer with the file says; a refusal is kept by nobody.
   * @throws DomainError NOT_FOUND where there is no such variant, or no bytes; UNAVAILABLE while the store does not say;
   *   RANGE_NOT_SATISFIABLE.
   */
  async serve(
    row: AttachmentRow,
    variant: Variant,
    cacheControl: string,
    request: Request,
    response: Response,
  ): Promise<void> {
    // Nothing is read for HEAD, which would say that there are no bytes.
    const size = await this.attachments.sizeOf(row, variant, { isStored: request.method === 'HEAD' });
    const etag = `"${row.id}-${variant}"`;
    const { 'if-range': ifRange } = request.headers;
    // Ranges are defined for GET alone (RFC 9110, section 14.2).
    const isWhole = request.method !== 'GET' || (ifRange !== undefined && ifRange !== etag);
    const range = isWhole ? undefined : byteRange(request.headers.range, size);
    response.setHeader('Cache-Control', cacheControl);
    response.setHeader('ETag', etag);
    response.setHeader('Accept-Ranges', 'bytes');
    response.setHeader('Content-Security-Policy', FILE_POLICY);
    response.setHeader('Content-Type', variant === 'original' ? servedType(row.mimeType) : 'image/webp');
    response.setHeader(
      'Content-Disposition',
      contentDisposition(
        row.kind === 'FILE' ? 'attachment' : 'inline',
        variant === 'original' ? row.name : previewName(row.name),
      ),
    );
    // Nothing of a file ever changes: whoever has it has it as it is, even one that asks for the newest.
    const condition = { 'if-none-match': request.headers['if-none-match'] };
    if (fresh(condition, { etag })) return void response.status(304).end();
    if (range === 'unsatisfiable') {
      response.setHeader('Content-Range', `bytes */${size}`);
      // There is nothing to be kept of it.
      for (const header of ['Content-Type', 'Content-Disposition']) response.removeHeader(header);
      response.setHeader('Cache-Control', 'no-store');
      throw new DomainError('RANGE_NOT_SATISFIABLE');
    }
    if (range !== undefined)
      response.status(206).setHeader('Content-Range', `bytes ${range.start}-${range.end}/${size}`);
    const length = range === undefined ? size : range.end - range.start + 1;
    response.setHeader('Content-Length', length);
    if (request.method === 'HEAD') return void response.end();
    const bytes = await this.attachments.read(row.id, variant, range).catch((error: unknown) => {
      // What was said about the file must not be said about the refusal.
      for (const header of response.getHeaderNames())
        if (/^(content-|etag|accept-ranges)/.test(header)) response.removeHeader(header);
      response.setHeader('Cache-Control', 'no-store');
      throw error;
    });
    // A reader that goes away in the middle is nobody's error.
    await pipeline(bytes, new ExactLength(length), response).catch(() => response.destroy());
  }
}

/**
 * Passes on as many bytes as were announced, or fails: a reader of fewer would wait for the rest until the connection ends, and take
 * what is too much for the next answer.
 */
class ExactLength extends Transform {
  constructor(private remaining: number) {
    super();
  }

  override _transform(chunk: Buffer, _: BufferEncoding, done: TransformCallback): void {
    this.remaining -= chunk.length;
    if (this.remaining < 0) done(new Error('the file is longer than it was announced'));
    else done(null, chunk);
  }

  override _flush(done: TransformCallback): void {
    if (this.remaining > 0) done(new Error('the file is shorter than it was announced'));
    else done();
  }
}
