import { Injectable, Logger } from '@nestjs/common';
import { Clock } from '../../../common/clock.js';
import { type Mail, Mailer } from '../../../mail/mailer.js';
import type { DisabledReason } from '../webhook-events.js';
import { type Notice, WebhookQueueRepository } from './webhook-queue.repository.js';

const MAX_ADMINISTRATORS = 100;
/** After nobody could be mailed, so that it is not tried every minute. */
const RETRY_MS = 10 * 60_000;
/** For so long after a webhook was disabled it is tried again: mailboxes that refuse it now may do so for ever. */
const RETRY_WINDOW_MS = 24 * 3_600_000;

const REASONS: Readonly<Record<DisabledReason, string>> = {
  GONE: 'its receiver answered that it is gone (410)',
  FAILING: 'every request to it has failed for five days',
  BACKLOG: 'more than 100,000 events wait for it',
  ADMINISTRATOR: 'an administrator disabled it',
};

/**
 * Mails administrators that a webhook was disabled, each once, whatever becomes of the mail to another. Noted after that: a process
 * that is killed meanwhile leaves the notice to the next sweep, and two that do it at the same moment may both mail it.
 */
@Injectable()
export class WebhookNotices {
  private readonly logger = new Logger('Webhooks');
  /** Milliseconds of `performance.now()`. */
  private retryAt = 0;
  private underWay: Promise<void> = Promise.resolve();

  constructor(
    private readonly repository: WebhookQueueRepository,
    private readonly mailer: Mailer,
    private readonly clock: Clock,
  ) {}

  /** One after the other: what is being mailed is not mailed twice. */
  send(): Promise<void> {
    const turn = this.underWay.then(() => this.sendDue());
    this.underWay = turn.catch(() => undefined);
    return turn;
  }

  private async sendDue(): Promise<void> {
    if (performance.now() < this.retryAt) return;
    const notices = await this.repository.dueNotices();
    if (notices.length === 0) return;
    const administrators = await this.repository.administrators(MAX_ADMINISTRATORS);
    for (const notice of notices) {
      const isOver = this.clock.now() - notice.disabledAt.getTime() > RETRY_WINDOW_MS;
      if ((await this.mail(administrators, notice)) || isOver) await this.repository.noteNotice(notice);
      else this.retryAt = performance.now() + RETRY_MS;
    }
  }

  /** False where there is somebody to mail, and nobody could be. */
  private async mail(administrators: readonly string[], { url, reason }: Notice): Promise<boolean> {
    const { host } = new URL(url);
    const mails = await Promise.allSettled(administrators.map((to) => this.mailer.send(noticeMail(to, host, reason))));
    const failures = mails.filter((mail) => mail.status === 'rejected');
    for (const { reason: error } of failures)
      this.logger.warn(`an administrator could not be mailed that a webhook was disabled: ${(error as Error).message}`);
    return mails.length === 0 || failures.length < mails.length;
  }
}

/** The host alone: the rest of a URL may be a secret of its receiver. */
function noticeMail(to: string, host: string, reason: DisabledReason): Mail {
  const lines = [
    `The webhook to ${host} was disabled: ${REASONS[reason]}.`,
    'Nothing is sent to it, and what happens from now on is not kept for it, until an administrator enables it again.',
  ];
  return {
    to,
    subject: `The webhook to ${host} was disabled`,
    text: `${lines.join('\n\n')}\n`,
    html: `<!doctype html><html lang="en"><body style="font-family:sans-serif">${lines.map((line) => `<p>${escaped(line)}</p>`).join('')}</body></html>`,
  };
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
