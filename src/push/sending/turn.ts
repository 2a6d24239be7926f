import { newId } from '../../common/identifier.js';
import type { AttentionLevel } from '../../presence/attention.js';
import type { PushOutcome, PushPreview } from '../devices/devices.view.js';
import type { PushResult } from '../providers/push-provider.js';
import { decide, type DecisionTimes } from './decision.js';
import { type LeasedDevice, MAX_NOTICES, type Notice, type StaleNotification } from './notice.js';
import {
  clearing,
  effectivePreview,
  type Manner,
  type Notification,
  notificationOf,
  numbering,
  tagOf,
} from './notification.js';
import type { DecidedDevice, DecidedNotice, LogEntry, TurnEnd } from './push-queue.repository.js';

/** Conversations that one turn takes away from a device; the rest goes with the next one. */
const MAX_CLEARED = 5;
/** So many suspicions over so long, and the token is taken for none. */
const MAX_SUSPICIONS = 5;
const SUSPICION_WINDOW_MS = 24 * 3_600_000;
/** Characters of a provider's word that are kept. */
const MAX_REASON = 200;

export interface TurnInput {
  device: LeasedDevice;
  notices: readonly Notice[];
  stale: readonly StaleNotification[];
  badge: number;
  /** In how long a conversation counts again that its user muted; null: none does. */
  unmutedInMs: number | null;
}

export interface TurnRules extends DecisionTimes {
  /** Milliseconds since 1970. */
  now: number;
  soundWindowMs: number;
  clearDelayMs: number;
  preview: PushPreview;
  attentionOf(userId: string, conversationId: string | undefined): AttentionLevel;
  retryMs(attempts: number): number;
}

interface Part {
  notification: Notification;
  notice: Notice | undefined;
  cleared: StaleNotification | undefined;
}

/** One turn of a device: what is decided about what waits, what is sent, and what came of it. */
export class Turn {
  readonly parts: Part[] = [];
  private readonly decided: DecidedNotice[] = [];
  private readonly log: LogEntry[] = [];
  /** Something waits on what its user does now: until that is decided the number may stay as it is. */
  private isHeld = false;
  private isLooking = false;
  private hasMore = false;
  /** When the number may be another one although nothing happens. */
  private lookMs: number | null;
  /** Notifications that had waited for too long. */
  expired = 0;

  constructor(
    private readonly input: TurnInput,
    private readonly rules: TurnRules,
  ) {
    this.lookMs = input.device.badge === null || input.device.platform === 'web' ? null : input.unmutedInMs;
    for (const notice of input.notices) this.consider(notice);
    this.considerStale();
  }

  get device(): LeasedDevice {
    return this.input.device;
  }

  private consider(notice: Notice): void {
    const { device, badge } = this.input;
    const conversationId = notice.kind === 'message' || notice.kind === 'conversation' ? notice.subjectId : undefined;
    const decision = decide(notice, this.rules.attentionOf(device.userId, conversationId), this.rules);
    switch (decision.action) {
      case 'wait':
        this.isHeld = true;
        this.note(notice, 'waiting', decision.reason);
        this.decided.push({ ...keyOf(notice), waitMs: decision.waitMs, shownSeq: null, sounded: false });
        return;
      case 'skip':
        if (decision.reason === 'looking') this.isHeld = this.isLooking = true;
        if (decision.reason === 'too old') this.expired += 1;
        this.note(notice, 'skipped', decision.reason);
        this.decided.push({ ...keyOf(notice), waitMs: null, shownSeq: null, sounded: false });
        return;
      case 'show': {
        const tag = tagOf(notice, this.manner);
        const isQuiet = notice.soundedAgoMs !== null && notice.soundedAgoMs < this.rules.soundWindowMs;
        // Nor does it sound twice for what one turn brings, such as a group and its first message.
        const sound = !isQuiet && !this.parts.some(({ notification }) => notification.tag === tag);
        const notification = notificationOf(notice, badge, { ...this.manner, sound });
        this.parts.push({ notification, notice, cleared: undefined });
      }
    }
  }

  /** What was read elsewhere goes from where it is shown, and the number with it. Nothing is taken from browsers. */
  private considerStale(): void {
    const { device, badge, stale } = this.input;
    const shown = new Set(this.parts.map(({ notification }) => notification.tag));
    const gone = stale.filter((one) => !shown.has(tagOf(one, this.manner)));
    this.hasMore = gone.length > MAX_CLEARED;
    for (const one of gone.slice(0, MAX_CLEARED)) {
      const notification = clearing(tagOf(one, this.manner), one.conversationId, badge);
      this.parts.push({ notification, notice: undefined, cleared: one });
    }
    if (device.platform === 'web' || device.badge === null || device.badge === badge) return;
    // A user who looks will have read it in a moment, and then the number is what it was.
    if (this.isLooking) this.lookMs = this.rules.clearDelayMs;
    if (this.parts.length > 0 || this.isHeld) return;
    this.parts.push({ notification: numbering(badge), notice: undefined, cleared: undefined });
  }

  private get manner(): Omit<Manner, 'sound'> {
    const { preview, locale, id } = this.input.device;
    return { preview: effectivePreview(preview, this.rules.preview), locale, deviceId: id };
  }

  /**
   * What is to be written.
   * @param results of `parts`, in their order; fewer where the turn was broken off
   * @param isBelieved whether a token that is said to be none is one
   */
  end(results: readonly PushResult[], isBelieved: boolean): TurnEnd {
    const { device, badge } = this.input;
    const tickets: TurnEnd['tickets'][number][] = [];
    const cleared: StaleNotification[] = [];
    const outcome: DecidedDevice = {
      id: device.id,
      leaseId: device.leaseId,
      address: device.address,
      registeredAt: device.registeredAt,
      isRemoved: false,
      badge: null,
      attempts: 0,
      suspicions: device.suspicions,
      environment: null,
      // More than a turn is about has the next one, behind devices that wait already.
      againMs: this.input.notices.length >= MAX_NOTICES ? 0 : this.hasMore ? this.rules.clearDelayMs : null,
      lookMs: this.lookMs,
    };
    for (const [index, { notification, notice, cleared: gone }] of this.parts.entries()) {
      const result = results[index];
      if (result === undefined) break;
      const { verdict, reason } = result;
      if (result.ticketId !== undefined)
        tickets.push({ id: result.ticketId, deviceId: device.id, address: device.address });
      if (result.environment !== undefined) outcome.environment = result.environment;
      switch (verdict) {
        case 'sent':
          outcome.badge = badge;
          outcome.suspicions = 0;
          break;
        case 'suspect':
          outcome.suspicions += 1;
          if (this.isLost(outcome.suspicions)) outcome.isRemoved = isBelieved;
          break;
        case 'remove':
          outcome.isRemoved = isBelieved;
          if (!isBelieved) outcome.suspicions += 1;
          break;
        case 'keep':
        case 'alarm':
        case 'again':
          break;
      }
      if (verdict === 'alarm' || verdict === 'again' || verdict === 'remove') {
        // It waits as it did; where its token is none, for the one that the device may have registered meanwhile.
        outcome.attempts = device.attempts + 1;
        outcome.againMs = Math.max(result.retryAfterMs ?? 0, this.rules.retryMs(device.attempts));
        if (notice !== undefined) this.note(notice, 'waiting', reason);
        continue;
      }
      if (gone !== undefined) cleared.push(gone);
      if (notice === undefined) continue;
      this.settle(notice, notification, verdict === 'sent');
      this.note(notice, verdict === 'sent' ? 'sent' : 'failed', reason);
    }
    // What was not sent has the next turn, behind devices that wait already.
    if (results.length < this.parts.length) outcome.againMs ??= 0;
    return { devices: [outcome], notices: this.decided, cleared, log: this.log, tickets };
  }

  /** Given back untouched: it is looked at again after so long. */
  static released(
    { id, leaseId, address, registeredAt, attempts, suspicions }: LeasedDevice,
    againMs: number,
  ): TurnEnd {
    const device = {
      id,
      leaseId,
      address,
      registeredAt,
      isRemoved: false,
      badge: null,
      attempts,
      suspicions,
      environment: null,
      againMs,
      lookMs: null,
    };
    return { devices: [device], notices: [], cleared: [], log: [], tickets: [] };
  }

  /** Its session has ended. */
  static removed({ id, leaseId, address, registeredAt }: LeasedDevice): TurnEnd {
    const device = {
      id,
      leaseId,
      address,
      registeredAt,
      isRemoved: true,
      badge: null,
      attempts: 0,
      suspicions: 0,
      environment: null,
      againMs: null,
      lookMs: null,
    };
    return { devices: [device], notices: [], cleared: [], log: [], tickets: [] };
  }

  private isLost(suspicions: number): boolean {
    const { suspectedAt } = this.input.device;
    return (
      suspicions >= MAX_SUSPICIONS &&
      suspectedAt !== null &&
      this.rules.now - suspectedAt.getTime() > SUSPICION_WINDOW_MS
    );
  }

  private settle(notice: Notice, { shown, data }: Notification, isShown: boolean): void {
    // From browsers nothing is taken away: what they show is not kept.
    const isKept = isShown && this.input.device.platform !== 'web';
    this.decided.push({
      ...keyOf(notice),
      waitMs: null,
      shownSeq: isKept ? (data.seq ?? notice.seq ?? shownOfRequest(notice)) : null,
      sounded: isShown && shown?.sound === true,
    });
  }

  private note({ deviceId, kind, subjectId, seq }: Notice, outcome: PushOutcome, reason: string): void {
    const isOfConversation = kind === 'message' || kind === 'conversation';
    this.log.push({
      id: newId(),
      deviceId,
      conversationId: isOfConversation ? subjectId : null,
      seq: isOfConversation ? seq : null,
      outcome,
      reason: shortReason(reason),
    });
  }
}

/** A provider's word as it is kept: one that the database does not take would lose what became of a whole batch. */
export function shortReason(reason: string): string {
  return reason.slice(0, MAX_REASON).replaceAll(/\p{Cc}/gu, ' ');
}

/** A request has no messages: any number says that it is shown. */
function shownOfRequest({ kind }: Notice): number | null {
  return kind === 'friend_request' ? 0 : null;
}

function keyOf({
  deviceId,
  kind,
  subjectId,
  coveredSeq,
}: Notice): Pick<DecidedNotice, 'deviceId' | 'kind' | 'subjectId' | 'coveredSeq'> {
  return { deviceId, kind, subjectId, coveredSeq };
}
