import { Module } from '@nestjs/common';
import { Configuration } from '../config/configuration.js';
import { LogMailer, NoMailer } from './log-mailer.js';
import { Mailer } from './mailer.js';
import { SmtpMailer } from './smtp-mailer.js';

@Module({
  providers: [
    {
      provide: Mailer,
      inject: [Configuration],
      useFactory: ({ smtpUrl, mailFrom, production }: Configuration): Mailer => {
        if (smtpUrl !== undefined) return new SmtpMailer(smtpUrl, mailFrom);
        return production ? new NoMailer() : new LogMailer();
      },
    },
  ],
  exports: [Mailer],
})
export class MailModule {}
