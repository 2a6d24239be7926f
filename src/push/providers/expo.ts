import { Injectable } from '@nestjs/common';
import { Clock } from '../../common/clock.js';
import { Configuration } from '../../config/configuration.js';
import { retryAfterOf, verdictOf } from './answers.js';
import { type Push, PushProvider, type PushResult } from './push-provider.js';

/** Expo takes no more at once, and asks for no more receipts. */
const MAX_BATCH = 100;
export const MAX_RECEIPTS = 1_000;
/** What Expo lets through of a notification, its data included; cut at what is safe. */
const MAX_BODY_CHARACTERS = 500;

interface Ticket {
  status?: unknown;
  id?: unknown;
  message?: unknown;
  details?: { error?: unknown };
}

type Answered = { ok: true; body: { data?: unknown } } | { ok: false; result: PushResult };

/** Expo's push service: https://docs.expo.dev/push-notifications/sending-notifications */
@Injectable()
export class ExpoProvider extends PushProvider {
  readonly platform = 'expo';
  readonly maxBatch = MAX_BATCH;
  readonly maxConcurrent = 4;
  readonly isConfigured = true;

  constructor(
    private readonly configuration: Configuration,
    private readonly clock: Clock,
  ) {
    super();
  }

  async send(pushes: readonly Push[]): Promise<PushResult[]> {
    const answer = await this.post('/send', pushes.map(messageOf));
    if (!answer.ok) return pushes.map(() => answer.result);
    const tickets = answer.body.data;
    if (!Array.isArray(tickets) || tickets.length !== pushes.length)
      return pushes.map(() => ({ verdict: 'again', reason: 'an answer that is none' }));
    return (tickets as Ticket[]).map((ticket) => {
      if (ticket?.status === 'ok' && typeof ticket.id === 'string')
        return { verdict: 'sent', reason: 'taken by Expo', ticketId: ticket.id };
      return this.refusal(ticket);
    });
  }

  /** What became of what Expo took: by ticket; of what it does not know yet, nothing. Undefined where it cannot be asked now. */
  async receipts(ids: readonly string[]): Promise<ReadonlyMap<string, PushResult> | undefined> {
    const answer = await this.post('/getReceipts', { ids });
    if (!answer.ok) return undefined;
    const receipts = answer.body.data;
    if (typeof receipts !== 'object' || receipts === null) return undefined;
    return new Map(
      Object.entries(receipts as Record<string, Ticket>).map(([id, receipt]) => [
        id,
        receipt?.status === 'ok' ? { verdict: 'sent', reason: 'taken by the phone’s service' } : this.refusal(receipt),
      ]),
    );
  }

  private refusal(ticket: Ticket | null | undefined): PushResult {
    const code = typeof ticket?.details?.error === 'string' ? ticket.details.error : undefined;
    const verdict = verdictOf('expo', code, 0);
    // Said of one token, whatever becomes of the others.
    return { verdict, reason: code ?? 'refused by Expo', isOfDevice: true };
  }

  private async post(path: string, body: unknown): Promise<Answered> {
    const { expo } = this.configuration.push;
    try {
      const response = await fetch(`${expo.url}${path}`, {
        method: 'POST',
        redirect: 'error',
        headers: {
          'content-type': 'application/json',
          accept: 'application/json',
          ...(expo.accessToken === undefined ? {} : { authorization: `Bearer ${expo.accessToken}` }),
        },
        body: JSON.stringify(body),
        signal: AbortSignal.timeout(this.configuration.timings.pushRequestMs),
      });
      const answer = (await response.json().catch(() => ({}))) as { data?: unknown; errors?: unknown };
      const [error] = Array.isArray(answer.errors) ? (answer.errors as { code?: unknown }[]) : [];
      if (response.ok && error === undefined) return { ok: true, body: answer };
      const code = typeof error?.code === 'string' ? error.code : undefined;
      const retryAfterMs = retryAfterOf(response.headers.get('retry-after'), this.clock.now());
      return {
        ok: false,
        result: {
          verdict: verdictOf('expo', code, response.status),
          reason: code ?? `status ${response.status}`,
          ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
        },
      };
    } catch (error) {
      return { ok: false, result: { verdict: 'again', reason: `Expo is away: ${reasonOf(error)}` } };
    }
  }
}

/** What a failed request says of itself, without what is in it. */
export function reasonOf(error: unknown): string {
  const { name, cause } = error as { name?: string; cause?: { code?: string } };
  return cause?.code ?? (name === 'TimeoutError' ? 'no answer in time' : (name ?? 'unknown'));
}

function messageOf({ device, notification: { shown, tag, data } }: Push): object {
  if (shown === undefined)
    return { to: device.address, badge: data.badge, data, priority: 'normal', _contentAvailable: true };
  return {
    to: device.address,
    title: shown.title,
    body: Array.from(shown.body).slice(0, MAX_BODY_CHARACTERS).join(''),
    data,
    badge: data.badge,
    priority: 'high',
    tag,
    collapseId: tag,
    ...(shown.sound ? { sound: 'default' } : {}),
  };
}
