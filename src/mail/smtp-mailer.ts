import { Logger, type OnApplicationShutdown } from '@nestjs/common';
import { createTransport, type Transporter } from 'nodemailer';
import { type Mail, Mailer } from './mailer.js';

const CONNECTIONS = 3;
const CONNECT_TIMEOUT_MS = 10_000;
const ANSWER_TIMEOUT_MS = 20_000;

/** Over SMTP, by a few connections that are kept. TLS as the URL says: `smtps://`, or STARTTLS where it is offered. */
export class SmtpMailer extends Mailer implements OnApplicationShutdown {
  private readonly transport: Transporter;

  constructor(
    smtpUrl: string,
    private readonly from: string,
  ) {
    super();
    const logger = new Logger(SmtpMailer.name);
    this.transport = createTransport({
      url: smtpUrl,
      pool: true,
      maxConnections: CONNECTIONS,
      connectionTimeout: CONNECT_TIMEOUT_MS,
      greetingTimeout: CONNECT_TIMEOUT_MS,
      socketTimeout: ANSWER_TIMEOUT_MS,
      // A template that names a file or a URL must never make the server read it.
      disableFileAccess: true,
      disableUrlAccess: true,
    } as Parameters<typeof createTransport>[0]);
    // Emitted by a kept connection that nobody is sending over; without a listener it would end the process.
    this.transport.on('error', (error: Error) => logger.warn(`an idle SMTP connection broke: ${error.message}`));
  }

  override async send({ to, subject, text, html }: Mail): Promise<void> {
    // As an object and not as text: an e-mail address must never be read as a list of several.
    await this.transport.sendMail({ from: this.from, to: { name: '', address: to }, subject, text, html });
  }

  onApplicationShutdown(): void {
    this.transport.close();
  }
}
