import { Logger } from '@nestjs/common';
import { type Mail, Mailer } from './mailer.js';

/** For development without SMTP_URL: the message is written to the log, code and all. */
export class LogMailer extends Mailer {
  private readonly logger = new Logger('Mail');

  override async send({ to, subject, text }: Mail): Promise<void> {
    this.logger.log(`to ${to}: ${subject}\n${text}`);
  }
}

/** For production without SMTP_URL: what cannot be sent must not be written anywhere either. */
export class NoMailer extends Mailer {
  override async send(): Promise<void> {
    throw new Error('SMTP_URL is not set');
  }
}
