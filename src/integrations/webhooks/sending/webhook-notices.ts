import { Injectable, Logger } from '@nestjs/common';
import { type Mail, Mailer } from '../../../mail/mailer.js';
import type { DisabledReason } from '../webhook-events.js';
import { WebhookQueueRepository } from './webhook-queue.repository.js';

const MAX_ADMINISTRATORS = 100;
/** After mail could not be sent, so that it is not tried every minute for days. */
const RETRY_MS = 10 * 60_000;

const REASONS: Readonly<Record<DisabledReason, string>> = {
  GONE: 'its receiver answered that it is gone (410)',
  FAILING: 'every request to it has failed for five days',
  BACKLOG: 'more than 100,000 events wait for it',
  ADMINISTRATOR: 'an administrator disabled it',
};

/** Mails administrators that a webhook was disabled. What could not be mailed is mailed at the next sweep. */
@Injectable()
export class WebhookNotices {
  private readonly logger = new Logger('Webhooks');
  /** Milliseconds of `performance.now()`. */
  private retryAt = 0;

  constructor(
    private readonly repository: WebhookQueueRepository,
    private readonly mailer: Mailer,
  ) {}

  async send(): Promise<void> {
    if (performance.now() < this.retryAt) return;
    const notices = await this.repository.takeNotices();
    if (notices.length === 0) return;
    const administrators = await this.repository.administrators(MAX_ADMINISTRATORS);
    for (const { id, url, reason } of notices) {
      try {
        for (const to of administrators) await this.mailer.send(noticeMail(to, new URL(url).host, reason));
      } catch (error) {
        this.logger.warn(`administrators could not be mailed that a webhook was disabled: ${(error as Error).message}`);
        this.retryAt = performance.now() + RETRY_MS;
        await this.repository.returnNotice(id);
      }
    }
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
