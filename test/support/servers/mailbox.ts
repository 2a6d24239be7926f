import type { AddressInfo } from 'node:net';
import PostalMime, { type Email } from 'postal-mime';
import { SMTPServer } from 'smtp-server';
import { ended } from '../bounded.js';
import { until } from '../story.js';

/** A mail server that takes everything and keeps it. */
export class Mailbox {
  readonly received: Email[] = [];
  private readonly unread: Email[] = [];

  private constructor(private readonly server: SMTPServer) {}

  static async open(): Promise<Mailbox> {
    const mailbox: Mailbox = new Mailbox(
      new SMTPServer({
        authOptional: true,
        disabledCommands: ['STARTTLS'],
        onData: (stream, _, done) => {
          const chunks: Buffer[] = [];
          stream.on('data', (chunk: Buffer) => chunks.push(chunk));
          stream.on('end', () => {
            PostalMime.parse(Buffer.concat(chunks)).then((email) => {
              mailbox.received.push(email);
              mailbox.unread.push(email);
              done();
            }, done);
          });
        },
      }),
    );
    await new Promise<void>((resolve) => mailbox.server.listen(0, '127.0.0.1', resolve));
    return mailbox;
  }

  get url(): string {
    return `smtp://127.0.0.1:${(this.server.server.address() as AddressInfo).port}`;
  }

  /** The next message to this e-mail address; each is given once. */
  async next(email: string): Promise<Email> {
    const isTo = ({ to }: Email): boolean => to?.some((recipient) => recipient.address === email) === true;
    await until('a message comes', () => this.unread.some(isTo));
    return this.unread.splice(this.unread.findIndex(isTo), 1)[0] as Email;
  }

  /** The six digits of the next message to this e-mail address, which its text and its HTML agree on. */
  async nextCode(email: string): Promise<string> {
    const { text = '', html = '' } = await this.next(email);
    const code = /^\d{6}$/m.exec(text)?.[0];
    if (code === undefined || !html.includes(`>${code}<`)) throw new Error(`no code in ${text}\n${html}`);
    return code;
  }

  close(): Promise<void> {
    return ended('the mail server', new Promise((resolve) => this.server.close(() => resolve())));
  }
}
