import { Injectable } from '@nestjs/common';
import { Clock } from '../../common/clock.js';
import { Configuration } from '../../config/configuration.js';
import { jsonOf } from './answer-body.js';
import { retryAfterOf, verdictOf } from './answers.js';
import { type Push, PushProvider, type PushResult } from './push-provider.js';
import { SendingRate } from './sending-rate.js';

/** Expo takes no more at once, and asks for no more receipts. */
const MAX_BATCH = 100;
export const MAX_RECEIPTS = 1_000;
/** Notifications that Expo takes of a project; beyond that it refuses them. */
const MAX_PER_SECOND = 600;
/** What Expo lets through of a notification, its data included; cut at what is safe. */
const MAX_BODY_CHARACTERS = 500;
/** A thousand receipts have a tenth of it. */
const MAX_ANSWER_BYTES = 4 * 1024 * 1024;

/** Characters; Expo's are UUIDs. */
const MAX_TICKET_ID = 100;

interface Ticket {
  status?: unknown;
  id?: unknown;
  message?: unknown;
  details?: { error?: unknown };
}

type Answered =
  | { ok: true; body: { data?: unknown } }
  | {
      ok: false;
      result: PushResult;
      /** The request as a whole was refused, maybe for one of its messages. */
      isOfRequest: boolean;
      /** The tokens of a request by the project that they are of, where they are of several. */
      projects: readonly string[][];
    };

/** Expo's push service: https://docs.expo.dev/push-notifications/sending-notifications */
@Injectable()
export class ExpoProvider extends PushProvider {
  readonly platform = 'expo';
  readonly maxBatch = MAX_BATCH;
  readonly maxConcurrent = 4;
  readonly isConfigured = true;
  private readonly rate = new SendingRate(MAX_PER_SECOND);

  constructor(
    private readonly configuration: Configuration,
    private readonly clock: Clock,
  ) {
    super();
  }

  override async ready(count: number): Promise<void> {
    await this.rate.take(count);
  }

  /** After `ready`. */
  send(pushes: readonly Push[]): Promise<PushResult[]> {
    return this.sendBefore(
      performance.now() + this.configuration.timings.pushRequestMs,
      pushes,
      () => !this.rate.isClosed,
    );
  }

  /** Sends again in parts, until then, what is refused as a whole: one token that Expo does not take is nothing to others. */
  private async sendBefore(
    deadline: number,
    pushes: readonly Push[],
    turn: () => boolean | Promise<boolean> = () => this.rate.take(pushes.length),
  ): Promise<PushResult[]> {
    const answer = await this.post('/send', pushes.map(messageOf), turn);
    if (!answer.ok) {
      const { result, isOfRequest, projects } = answer;
      if (!isOfRequest) return pushes.map(() => result);
      if (pushes.length === 1) return [{ ...result, mayBeOfDevice: true }];
      const results = new Map<Push, PushResult>();
      for (const part of partsOf(pushes, projects)) {
        const parts: PushResult[] =
          performance.now() > deadline
            ? part.map(() => ({ ...result, verdict: 'again', isOfDevice: true }))
            : await this.sendBefore(deadline, part);
        for (const [index, push] of part.entries()) results.set(push, parts[index] ?? result);
      }
      return pushes.map((push) => results.get(push) ?? result);
    }
    const tickets = answer.body.data;
    if (!Array.isArray(tickets) || tickets.length !== pushes.length)
      return pushes.map(() => ({ verdict: 'again', reason: 'an answer that is none' }));
    return (tickets as Ticket[]).map((ticket) => {
      if (ticket?.status === 'ok' && typeof ticket.id === 'string')
        return { verdict: 'sent', reason: 'taken by Expo', ...(isKeepable(ticket.id) ? { ticketId: ticket.id } : {}) };
      return this.refusal(ticket);
    });
  }

  /**
   * What became of what Expo took: by ticket; of what it does not know yet, nothing. Undefined where it cannot be asked now,
   * 'refused' where it refuses the request as a whole, maybe for one of the tickets.
   */
  async receipts(ids: readonly string[]): Promise<ReadonlyMap<string, PushResult> | 'refused' | undefined> {
    const answer = await this.post('/getReceipts', { ids });
    if (!answer.ok) return answer.isOfRequest ? 'refused' : undefined;
    const receipts = answer.body.data;
    if (typeof receipts !== 'object' || receipts === null) return undefined;
    return new Map(
      Object.entries(receipts as Record<string, Ticket>).map(([id, receipt]) => [
        id,
        receipt?.status === 'ok' ? { verdict: 'sent', reason: 'taken by the phone’s service' } : this.refusal(receipt),
      ]),
    );
  }

  override close(): void {
    this.rate.close();
  }

  private refusal(ticket: Ticket | null | undefined): PushResult {
    const code = typeof ticket?.details?.error === 'string' ? ticket.details.error : undefined;
    // Said of one token, whatever becomes of the others. What says nothing has refused nothing.
    if (code === undefined) return { verdict: 'again', reason: 'an answer that is none', isOfDevice: true };
    return { verdict: verdictOf('expo', code, 0), reason: code, isOfDevice: true };
  }

  /** @param turn resolves when it may be sent: within the time that the request has; to false where it is not to be any more */
  private async post(
    path: string,
    body: unknown,
    turn: () => boolean | Promise<boolean> = () => true,
  ): Promise<Answered> {
    const { expo } = this.configuration.push;
    const signal = AbortSignal.timeout(this.configuration.timings.pushRequestMs);
    try {
      if (!(await turn())) throw new Error('this process ends');
      const response = await fetch(`${expo.url}${path}`, {
        method: 'POST',
        redirect: 'error',
        headers: {
          'content-type': 'application/json',
          accept: 'application/json',
          ...(expo.accessToken === undefined ? {} : { authorization: `Bearer ${expo.accessToken}` }),
        },
        body: JSON.stringify(body),
        signal,
      });
      const answer: { data?: unknown; errors?: unknown } = await jsonOf(response, MAX_ANSWER_BYTES);
      const [error] = Array.isArray(answer.errors) ? (answer.errors as { code?: unknown; details?: unknown }[]) : [];
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
        isOfRequest: response.status === 400 || response.status === 413,
        projects: projectsOf(error?.details),
      };
    } catch (error) {
      const result = { verdict: 'again', reason: `Expo is away: ${reasonOf(error)}` } as const;
      return { ok: false, result, isOfRequest: false, projects: [] };
    }
  }
}

/** What is none of Expo's ids the database may not take, and with it what became of a whole batch: it is not asked about. */
function isKeepable(ticketId: string): boolean {
  return ticketId.length <= MAX_TICKET_ID && !ticketId.includes('\0');
}

/** What goes with `PUSH_TOO_MANY_EXPERIENCE_IDS`: the tokens of each project. */
function projectsOf(details: unknown): string[][] {
  if (typeof details !== 'object' || details === null) return [];
  return Object.values(details).filter((tokens): tokens is string[] => Array.isArray(tokens));
}

/** By project where that is known, else in halves; each of them has less than all. */
function partsOf(pushes: readonly Push[], projects: readonly string[][]): Push[][] {
  const projectOf = new Map(projects.flatMap((tokens, project) => tokens.map((token) => [token, project] as const)));
  const parts = new Map<number | undefined, Push[]>();
  for (const push of pushes) {
    const project = projectOf.get(push.device.address);
    parts.set(project, [...(parts.get(project) ?? []), push]);
  }
  if (parts.size > 1) return [...parts.values()];
  const half = Math.ceil(pushes.length / 2);
  return [pushes.slice(0, half), pushes.slice(half)];
}

/** What a failed request says of itself, without what is in it. */
export function reasonOf(error: unknown): string {
  const { name, code, cause } = error as {
    name?: string;
    code?: unknown;
    cause?: { name?: string; code?: unknown };
  };
  if ([name, cause?.name].includes('TimeoutError')) return 'no answer in time';
  // On the error itself by node:http and node:http2. A number is an exception's of the platform, and says nothing.
  return [cause?.code, code].find((one) => typeof one === 'string') ?? name ?? 'unknown';
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
