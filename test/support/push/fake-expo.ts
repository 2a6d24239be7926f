import { randomUUID } from 'node:crypto';
import type { Anything } from '../story.js';
import { type Call, FakeService, type Reply } from './fake-service.js';

/** Expo's push service, as its documentation has it. */
export class FakeExpo extends FakeService {
  /** What a token is answered with instead of a ticket; by token. */
  readonly refusals = new Map<string, string>();
  /** What the receipt of what was sent to a token says; by token. */
  readonly receiptRefusals = new Map<string, string>();
  readonly batches: number[] = [];
  /** The project that a token is of, where it is not the app's own; by token. */
  readonly projects = new Map<string, string>();
  /** A request with one of these tokens is refused as a whole. */
  readonly malformed = new Set<string>();
  receiptCalls = 0;
  accessToken: string | undefined;
  private readonly tickets = new Map<string, string>();

  protected answer({ method, path, headers, body }: Call): Reply {
    if (method !== 'POST') this.fault(`${method} is not spoken`);
    if (headers.authorization !== (this.accessToken === undefined ? undefined : `Bearer ${this.accessToken}`))
      return { status: 401, body: { errors: [{ code: 'UNAUTHORIZED' }] } };
    const given = JSON.parse(body.toString());
    if (path === '/getReceipts') return this.receipts(given.ids);
    if (path !== '/send') this.fault(`there is no ${path}`);
    if (!Array.isArray(given) || given.length === 0 || given.length > 100) this.fault(`a batch of ${given.length}`);
    this.batches.push(given.length);
    const refusal = this.refusalOf((given as Anything[]).map(({ to }) => to));
    if (refusal !== undefined) return { status: 400, body: { errors: [refusal] } };
    return { status: 200, body: { data: given.map((message: Anything) => this.ticket(message)) } };
  }

  private refusalOf(tokens: readonly string[]): object | undefined {
    if (tokens.some((token) => this.malformed.has(token)))
      return { code: 'VALIDATION_ERROR', message: 'a token that is none' };
    const projects: Record<string, string[]> = {};
    for (const token of tokens) (projects[this.projects.get(token) ?? '@ada/chat'] ??= []).push(token);
    return Object.keys(projects).length > 1
      ? { code: 'PUSH_TOO_MANY_EXPERIENCE_IDS', message: 'tokens of several projects', details: projects }
      : undefined;
  }

  private ticket(message: Anything): object {
    if (Buffer.byteLength(JSON.stringify(message)) > 4_096) this.fault('a message of more than 4,096 bytes');
    if (!/^ExponentPushToken\[.+\]$/.test(message.to)) this.fault(`no token: ${message.to}`);
    const refusal = this.refusals.get(message.to);
    if (refusal !== undefined) return { status: 'error', message: 'refused', details: { error: refusal } };
    const id = randomUUID();
    this.tickets.set(id, message.to);
    const quiet = message.title === undefined && message.body === undefined;
    if (quiet && message._contentAvailable !== true) this.fault('a quiet notification that wakes nothing');
    this.delivered.push({
      address: message.to,
      title: message.title,
      body: message.body,
      badge: message.badge,
      sound: message.sound !== undefined,
      tag: message.collapseId,
      quiet,
      data: message.data,
    });
    return { status: 'ok', id };
  }

  private receipts(ids: Anything): Reply {
    this.receiptCalls += 1;
    if (!Array.isArray(ids) || ids.length > 1_000) this.fault('more than 1,000 receipts at once');
    const known = (ids as string[]).filter((id) => this.tickets.has(id));
    return {
      status: 200,
      body: {
        data: Object.fromEntries(
          known.map((id) => {
            const refusal = this.receiptRefusals.get(this.tickets.get(id) ?? '');
            return [id, refusal === undefined ? { status: 'ok' } : { status: 'error', details: { error: refusal } }];
          }),
        ),
      },
    };
  }
}
