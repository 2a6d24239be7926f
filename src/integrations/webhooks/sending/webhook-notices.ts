import { Injectable, Logger } from '@nestjs/common';
import { Clock } from '../../../common/clock.js';
import { type Mail, Mailer } from '../../../mail/mailer.js';
import type { DisabledReason } from '../webhook-events.js';
import { type Notice, WebhookQueueRepository } from './webhook-queue.repository.js';

const MAX_ADMINISTRATORS = 100;
/** After somebody could not be mailed, so that it is not tried every minute. */
const RETRY_MS = 10 * 60_000;
/** For so long after a webhook was disabled it is tried again: mailboxes that refuse it now may do so for ever. */
const RETRY_WINDOW_MS = 24 * 3_600_000;

const REASONS: Readonly<Record<DisabledReason, string>> = {
  GONE: 'its receiver answered that it is gone (410)',
  FAILING: 'every request to it has failed for five days',
  BACKLOG: 'more than 100,000 events wait for it',
  ADMINISTRATOR: 'an administrator disabled it',
};

/** A notice that this process has claimed. */
interface Claimed {
  notice: Notice;
  /** E-mail addresses. */
  mailed: Set<string>;
  /** As `Clock` has it. */
  retryAt: number;
}

/**
 * Mails administrators that a webhook was disabled, each once, whatever becomes of the mail to another. A notice is claimed before its
 * first mail, so that no other process mails it too, and given back where nobody could be mailed. Where somebody was, this process
 * alone tries the others again. A process that is killed before it has mailed all loses it for those left.
 */
@Injectable()
export class WebhookNotices {
  private readonly logger = new Logger('Webhooks');
  /** By webhook. */
  private readonly claimed = new Map<string, Claimed>();
  /** After nobody could be mailed; as `Clock` has it. */
  private retryAt = 0;

  constructor(
    private readonly repository: WebhookQueueRepository,
    private readonly mailer: Mailer,
    private readonly clock: Clock,
  ) {}

  /** Must not be called before it has ended. */
  async send(isStopped = (): boolean => false): Promise<void> {
    for (const claimed of [...this.claimed.values()]) {
      if (isStopped() || this.clock.now() < claimed.retryAt) continue;
      if (await this.repository.isDisabledStill(claimed.notice)) await this.mailAll(claimed, isStopped);
      else this.claimed.delete(claimed.notice.id);
    }
    const isTime = (): boolean => !isStopped() && this.clock.now() >= this.retryAt;
    if (!isTime()) return;
    for (const notice of await this.repository.dueNotices()) {
      if (!isTime()) return;
      if (!(await this.repository.claimNotice(notice))) continue;
      const claimed = { notice, mailed: new Set<string>(), retryAt: 0 };
      this.claimed.set(notice.id, claimed);
      await this.mailAll(claimed, isStopped);
    }
  }

  private async mailAll(claimed: Claimed, isStopped: () => boolean): Promise<void> {
    const { notice, mailed } = claimed;
    // Before the first mail: a statement that fails after it brings no other mail at the next sweep.
    claimed.retryAt = this.clock.now() + RETRY_MS;
    const administrators = await this.repository.administrators(MAX_ADMINISTRATORS);
    // One mail after the other: a one-time code waits for one of them at most.
    for (const to of administrators) {
      if (mailed.has(to)) continue;
      // Twice for some is better than never for the others.
      if (isStopped()) return this.giveBack(notice);
      if (await this.mail(to, notice)) mailed.add(to);
    }
    const isOver = this.clock.now() - notice.disabledAt.getTime() > RETRY_WINDOW_MS;
    if (isOver || administrators.every((to) => mailed.has(to))) this.claimed.delete(notice.id);
    else if (mailed.size === 0) {
      this.retryAt = claimed.retryAt;
      await this.giveBack(notice);
    }
  }

  private async mail(to: string, { url, reason }: Notice): Promise<boolean> {
    try {
      await this.mailer.send(noticeMail(to, new URL(url).host, reason));
      return true;
    } catch (error) {
      this.logger.warn(`an administrator could not be mailed that a webhook was disabled: ${(error as Error).message}`);
      return false;
    }
  }

  /** At the end of the process: whoever is there mails what is left. */
  async giveBackAll(): Promise<void> {
    for (const { notice } of [...this.claimed.values()]) await this.giveBack(notice);
  }

  private async giveBack(notice: Notice): Promise<void> {
    await this.repository.returnNotice(notice);
    this.claimed.delete(notice.id);
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
