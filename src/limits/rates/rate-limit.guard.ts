import {
  applyDecorators,
  type CanActivate,
  type ExecutionContext,
  Injectable,
  SetMetadata,
  UseGuards,
} from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import type { Principal } from '../../common/access/principal.js';
import { ipAddressKey } from '../ip-address-key.js';
import { LIMITS, type LimitName } from '../../config/limits.js';
import { RateLimiter } from './rate-limiter.js';

const RATE_LIMIT = 'rateLimit';

type LimitsPer<Scope> = { [Name in LimitName]: (typeof LIMITS)[Name]['per'] extends Scope ? Name : never }[LimitName];

/** Counts a route's requests against a limit, by the caller or by the IP address as the limit says. */
export function RateLimit(limit: LimitsPer<'user' | 'ipAddress'>): MethodDecorator & ClassDecorator {
  return applyDecorators(SetMetadata(RATE_LIMIT, limit), UseGuards(RateLimitGuard));
}

@Injectable()
export class RateLimitGuard implements CanActivate {
  constructor(
    private readonly reflector: Reflector,
    private readonly limiter: RateLimiter,
  ) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const limit = this.reflector.getAllAndOverride<LimitName>(RATE_LIMIT, [context.getHandler(), context.getClass()]);
    const { user, ip } = context.switchToHttp().getRequest<{ user?: Principal; ip?: string }>();
    await this.limiter.consume(
      limit,
      LIMITS[limit].per === 'user' && user !== undefined ? user.userId : ipAddressKey(ip),
    );
    return true;
  }
}
