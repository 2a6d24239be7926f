import { ApiProperty } from '@nestjs/swagger';
import {
  ArrayMaxSize,
  ArrayMinSize,
  IsArray,
  IsBoolean,
  IsIn,
  IsInt,
  IsUrl,
  Matches,
  Max,
  MaxLength,
  Min,
} from 'class-validator';
import { IsText } from '../../common/validation/is-text.decorator.js';
import { OptionalField } from '../../common/validation/optional-field.decorator.js';
import { ATTACHMENT_KINDS, type AttachmentKind, WAVEFORM_LENGTH } from '../../common/attachment-kind.js';

const MAX_SIZE = 2_147_483_647;
const MAX_URL_LENGTH = 2_048;

/** An upload that the client will put into the store by itself. */
export class AnnounceUpload {
  /** @example "beach.jpg" */
  @IsText({ min: 1, max: 255 })
  name!: string;

  /** Bytes, exactly. */
  @IsInt()
  @Min(1)
  @Max(MAX_SIZE)
  size!: number;

  /** What the store is given; the server looks for itself. @example "image/jpeg" */
  @OptionalField()
  @MaxLength(100)
  @Matches(/^[\w.+-]+\/[\w.+-]+$/, { message: 'mimeType must be a MIME type' })
  mimeType?: string;

  /** A sound that was recorded to be listened to as a message. */
  @OptionalField()
  @IsBoolean()
  voice?: boolean | null;

  /** Its loudness over time: 64 numbers from 0 to 100. */
  @OptionalField()
  @IsArray()
  @ArrayMinSize(WAVEFORM_LENGTH)
  @ArrayMaxSize(WAVEFORM_LENGTH)
  @IsInt({ each: true })
  @Min(0, { each: true })
  @Max(100, { each: true })
  waveform?: number[] | null;
}

/** A form with one file, in a part of any name, and what may be said of it. */
export class UploadForm {
  @ApiProperty({ type: 'string', format: 'binary' })
  file!: unknown;

  /** A sound that was recorded to be listened to as a message. */
  voice?: boolean;

  /** Its loudness over time: 64 whole numbers from 0 to 100, with commas between them, in brackets or without. */
  @ApiProperty({ type: 'string', required: false })
  waveform?: string;

  /** The id of an own film that no message uses yet: the file is an image, and becomes that film's poster. */
  @ApiProperty({ type: 'string', format: 'uuid', required: false })
  posterFor?: string;
}

/** A file that its sender keeps elsewhere; the server never asks for it. */
export class ExternalAttachment {
  /** An https URL. @example "https://files.example.com/beach.jpg" */
  @IsText({ min: 1, max: MAX_URL_LENGTH, singleLine: true })
  @IsUrl(
    { protocols: ['https'], require_protocol: true, disallow_auth: true },
    { message: 'url must be an https URL without a user name' },
  )
  url!: string;

  @ApiProperty({ enum: ATTACHMENT_KINDS, enumName: 'AttachmentKind' })
  @IsIn(ATTACHMENT_KINDS)
  kind!: AttachmentKind;

  /** @example "beach.jpg" */
  @OptionalField()
  @IsText({ min: 1, max: 255, singleLine: true })
  name?: string | null;

  /** Bytes. */
  @OptionalField()
  @IsInt()
  @Min(0)
  @Max(Number.MAX_SAFE_INTEGER)
  size?: number | null;
}

/** The same of a dialect whose clients keep files over http as well. */
export class AnyExternalAttachment extends ExternalAttachment {
  @IsText({ min: 1, max: MAX_URL_LENGTH, singleLine: true })
  @IsUrl(
    { protocols: ['https', 'http'], require_protocol: true, require_tld: false, disallow_auth: true },
    { message: 'url must be an http or https URL without a user name' },
  )
  override url: string = '';
}

/** The proof that a URL was given by this server. */
export class SignedQuery {
  /** Seconds since 1970. */
  @Matches(/^\d{1,12}$/)
  expires!: string;

  @Matches(/^[\w-]{1,100}$/)
  signature!: string;
}
