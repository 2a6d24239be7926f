import type { PushPlatform } from '../devices/devices.view.js';
import type { LeasedDevice } from '../sending/notice.js';
import type { Notification } from '../sending/notification.js';

/** One notification for one device. */
export interface Push {
  readonly device: LeasedDevice;
  readonly notification: Notification;
}

/**
 * What an answer means for the token it is about:
 * - `sent`: the provider took it.
 * - `keep`: this notification cannot be sent, and another one can.
 * - `remove`: the token is none any more.
 * - `suspect`: it may be none; after several such answers over a day it is removed.
 * - `alarm`: the server's own key or configuration is refused: no token is to blame, nothing is lost, somebody has to look.
 * - `again`: not now.
 */
export type Verdict = 'sent' | 'keep' | 'remove' | 'suspect' | 'alarm' | 'again';

export interface PushResult {
  verdict: Verdict;
  /** The provider's own word, for the log of the device. */
  reason: string;
  /** `again`: when at the earliest; left out: by how often it failed. */
  retryAfterMs?: number;
  /** `again` and `alarm`: whether it is about this token alone, and says nothing of others. */
  isOfDevice?: boolean;
  /** `again` and `alarm`: whether it may be about this token alone; it is not where several users' are refused like that. */
  mayBeOfDevice?: boolean;
  /** `sent`: what Expo is asked by later. */
  ticketId?: string;
  /** Where the token is from after all. */
  environment?: 'production' | 'sandbox';
}

/**
 * Sends notifications by one provider. Guarantees: an answer for each, in their order, within the time that a request may
 * take; it throws nothing. It keeps nothing that has to survive.
 */
export abstract class PushProvider {
  abstract readonly platform: PushPlatform;
  /** Notifications of one call of `send`. */
  abstract readonly maxBatch: number;
  /** Calls at the same time. */
  abstract readonly maxConcurrent: number;
  /** Whether there are keys for it. */
  abstract readonly isConfigured: boolean;

  /** Resolves when so many may be sent: it is looked after this whose the devices are. */
  ready(count: number): Promise<void> {
    void count;
    return Promise.resolve();
  }

  abstract send(pushes: readonly Push[]): Promise<PushResult[]>;

  /**
   * What a device waits for together with others, and with nobody else: a host that is slow or refuses. Of a platform that has
   * several it is the host of the address, or the environment: the queue finds its devices by it.
   */
  laneOf(device: LeasedDevice): string {
    void device;
    return this.platform;
  }

  close(): void {}
}
