import { applyDecorators } from '@nestjs/common';
import { ApiProperty } from '@nestjs/swagger';
import { Transform } from 'class-transformer';
import { IsEmail, Matches, ValidateBy, ValidateIf } from 'class-validator';
import { IsId } from '../../common/validation/is-id.decorator.js';
import { IsName, IsText } from '../../common/validation/is-text.decorator.js';
import { normalEmail } from '../../common/text/visible-text.js';
import { MAX_DISPLAY_NAME_LENGTH } from '../../users/dto/users.dto.js';
import { IsUsername } from '../../users/is-username.decorator.js';
import { MAX_PASSWORD_LENGTH, MIN_PASSWORD_LENGTH } from '../accounts/passwords.js';
import { OptionalField } from '../../common/validation/optional-field.decorator.js';

const MAX_EMAIL_LENGTH = 254;
const MAX_PURPOSE = 64;

const folded = ({ value }: { value: unknown }): unknown =>
  typeof value === 'string' ? value.trim().toLowerCase() : value;
/** As it was given where it is no e-mail address. */
const normal = ({ value }: { value: unknown }): unknown =>
  typeof value === 'string' ? (normalEmail(value) ?? value) : value;

/** An e-mail address of which there is one spelling: taken in any case and Unicode form. */
const IsNormalEmail = (): PropertyDecorator =>
  applyDecorators(
    Transform(normal),
    IsText({ max: MAX_EMAIL_LENGTH, singleLine: true }),
    IsEmail(),
    ValidateBy({
      name: 'isNormalEmail',
      validator: {
        validate: (value: unknown) => typeof value === 'string' && normalEmail(value) === value,
        defaultMessage: () => '$property must not contain blanks or characters that cannot be seen',
      },
    }),
  );

/** One line of 1 to 64 characters, or nothing. */
const IsDeviceName = (): PropertyDecorator =>
  applyDecorators(ApiProperty({ type: String, required: false }), OptionalField(), IsName({ max: 64 }));

export class Registration {
  /** Taken in any case. @example "ada@example.com" */
  @IsNormalEmail()
  email!: string;

  /** 8 to 128 characters. @example "correct horse battery" */
  @IsText({ min: MIN_PASSWORD_LENGTH, max: MAX_PASSWORD_LENGTH })
  password!: string;

  /** Derived from the e-mail address where there is none. */
  @OptionalField()
  @IsUsername()
  username?: string;

  /** One line of 1 to 64 characters; the username where there is none. @example "Ada Lovelace" */
  @OptionalField()
  @IsName({ max: MAX_DISPLAY_NAME_LENGTH })
  displayName?: string;

  /** Shown in the list of sessions. @example "Phone of Ada" */
  @IsDeviceName()
  deviceName?: string;
}

/** Exactly one of `email` and `username`. */
export class Login {
  /** @example "ada@example.com" */
  @OptionalField()
  @Transform(normal)
  @IsText({ min: 1, max: MAX_EMAIL_LENGTH })
  email?: string;

  /** @example "ada" */
  @OptionalField()
  @Transform(folded)
  @IsText({ min: 1, max: MAX_EMAIL_LENGTH })
  username?: string;

  /** @example "correct horse battery" */
  @IsText({ min: 1, max: MAX_PASSWORD_LENGTH })
  password!: string;

  /** Shown in the list of sessions. @example "Phone of Ada" */
  @IsDeviceName()
  deviceName?: string;
}

export class Refresh {
  /** Left out by browsers, whose cookie is taken. */
  @OptionalField()
  @IsText({ min: 1, max: 512 })
  refreshToken?: string;

  /**
   * A UUID that the client makes for this one refresh and keeps, with the token, before it asks. Where the answer is lost,
   * the same token with the same `attemptId` is given the same successor also after more than 10 s, as long as that was
   * not spent. @example "5f0c1f3a-2f0e-4c57-9f0b-0a4b8d9f7a11"
   */
  @OptionalField()
  @IsId({ required: false })
  attemptId?: string;
}

export class EmailBody {
  /** Taken in any case. @example "ada@example.com" */
  @IsNormalEmail()
  email!: string;
}

export class VerifyCode extends EmailBody {
  /** @example "042817" */
  @Matches(/^\d{6}$/)
  otp!: string;

  /** Older clients say here for what they verify. Accepted, and not looked at. @example "signup" */
  @OptionalField()
  @IsText({ max: MAX_PURPOSE, singleLine: true })
  verifyingFor?: string;

  /** Shown in the list of sessions. @example "Phone of Ada" */
  @IsDeviceName()
  deviceName?: string;
}

export class ResetPassword extends EmailBody {
  /** Six digits; twelve where an administrator made it. @example "042817" */
  @Matches(/^\d{6}(\d{6})?$/)
  otp!: string;

  /** 8 to 128 characters. @example "correct horse battery" */
  @IsText({ min: MIN_PASSWORD_LENGTH, max: MAX_PASSWORD_LENGTH })
  newPassword!: string;
}

export class ChangePassword {
  /** @example "correct horse battery" */
  @IsText({ min: 1, max: MAX_PASSWORD_LENGTH })
  currentPassword!: string;

  /** 8 to 128 characters. @example "wrong donkey cell" */
  @IsText({ min: MIN_PASSWORD_LENGTH, max: MAX_PASSWORD_LENGTH })
  newPassword!: string;
}

export class DeleteAccount {
  /**
   * Checked where it is given: for apps that ask again before something that cannot be undone. Null is refused, or an app
   * that failed to ask would delete without it.
   */
  @ValidateIf(({ password }: DeleteAccount) => password !== undefined)
  @IsText({ min: 1, max: MAX_PASSWORD_LENGTH })
  password?: string;
}
