import { Injectable, Logger, type OnModuleInit } from '@nestjs/common';
import { Sessions } from '../../auth/sessions/sessions.js';
import { Clock } from '../../common/clock.js';
import { DomainError } from '../../common/errors.js';
import { newId } from '../../common/identifier.js';
import {
  decodeCursor,
  isShortText,
  isTimeText,
  isUuidText,
  type Page,
  type PageQuery,
  pageOf,
} from '../../common/pagination.js';
import type { Principal } from '../../common/access/principal.js';
import { Configuration } from '../../config/configuration.js';
import { EventBus } from '../../events/event-bus.js';
import { pagesById, PersonalData } from '../../users/personal-data/personal-data.js';
import type { RegisterDeviceDto } from './dto/devices.dto.js';
import { DevicesRepository } from './devices.repository.js';
import { type DeviceLogEntryView, deviceLogEntryView, type DeviceView, deviceView } from './devices.view.js';
import { pushToken } from './push-token.js';

/** Devices of one user; the ones that were registered longest ago make room for new ones. */
export const MAX_DEVICES = 25;
/** How long it is kept what was decided for a device. */
export const LOG_WINDOW_MS = 24 * 3_600_000;

/** Where notifications of a user go (contract, section 8). A device goes with its session. */
@Injectable()
export class DevicesService implements OnModuleInit {
  private readonly logger = new Logger(DevicesService.name);

  constructor(
    private readonly repository: DevicesRepository,
    private readonly configuration: Configuration,
    private readonly clock: Clock,
    private readonly personalData: PersonalData,
    private readonly sessions: Sessions,
    private readonly events: EventBus,
  ) {}

  onModuleInit(): void {
    this.events.subscribe('session.ended', ({ sessionIds }) =>
      // What fails here is never sent to all the same: who sends looks whether the session lives.
      this.repository.removeOfEndedSessions(sessionIds).catch((error: unknown) => {
        this.logger.warn(`devices of ended sessions stay until the sweep: ${(error as Error).message}`);
      }),
    );
    this.sessions.removeBeforeReopening((transaction, sessionId) =>
      this.repository.removeOfSession(transaction, sessionId),
    );
    this.personalData.register({
      name: 'devices',
      export: (userId) => pagesById((after) => this.repository.export(userId, after)),
      erase: async (transaction, userId) => {
        await this.repository.removeAllOf(transaction, userId);
        return undefined;
      },
    });
  }

  /** @throws DomainError VALIDATION_FAILED; UNAUTHORIZED where the session has ended meanwhile */
  async register(principal: Principal, deviceId: string, body: RegisterDeviceDto): Promise<DeviceView> {
    const { platform, token, subscription, environment, preview, locale } = body;
    const { token: address, keys } = pushToken(platform, token, subscription, this.configuration.push.web.hosts);
    const row = await this.repository.register(principal, {
      id: newId(),
      deviceId,
      platform,
      address,
      p256dh: keys?.p256dh ?? null,
      auth: keys?.auth ?? null,
      environment: platform === 'apns' ? (environment ?? 'production') : null,
      preview: preview ?? null,
      locale: locale ?? null,
      now: new Date(this.clock.now()),
    });
    if (row === undefined) throw new DomainError('UNAUTHORIZED');
    await this.repository.keepNewest(principal.userId, MAX_DEVICES);
    return deviceView(row);
  }

  /** The caller's devices, the newest first. */
  async list({ userId }: Principal, { cursor, limit }: PageQuery): Promise<Page<DeviceView>> {
    const after = decodeCursor<[string, string]>(cursor, [isTimeText, isShortText]);
    const rows = await this.repository.list(userId, new Date(this.clock.now()), after, limit + 1);
    return pageOf(rows, limit, (row) => [row.createdAt.toISOString(), row.deviceId], deviceView);
  }

  /** @throws DomainError NOT_FOUND */
  async remove({ userId }: Principal, deviceId: string): Promise<void> {
    if (!(await this.repository.remove(userId, deviceId))) throw new DomainError('NOT_FOUND');
  }

  /** What was decided for one of the caller's devices in the last day, the newest first. @throws DomainError NOT_FOUND */
  async log({ userId }: Principal, deviceId: string, { cursor, limit }: PageQuery): Promise<Page<DeviceLogEntryView>> {
    const [before] = decodeCursor<[string]>(cursor, [isUuidText]) ?? [null];
    const id = await this.repository.find(userId, deviceId);
    if (id === undefined) throw new DomainError('NOT_FOUND');
    const rows = await this.repository.log(id, new Date(this.clock.now() - LOG_WINDOW_MS), before, limit + 1);
    return pageOf(rows, limit, (row) => [row.id], deviceLogEntryView);
  }
}
