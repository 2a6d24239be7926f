import { createHmac, timingSafeEqual } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { parseCookie } from 'cookie';
import type { Request, Response } from 'express';
import { newId, UUID_PATTERN } from '../../common/identifier.js';
import { Configuration } from '../../config/configuration.js';
import { derivedKeys, type SecretKeys } from '../../config/secrets/secret-keys.js';
import { crossOriginPolicy } from '../../config/origins.js';
import { AccessTokens } from '../tokens/access-token.js';

const NAME = 'knownDevice';
/** As long as browsers keep a cookie at most. */
const MAX_AGE_MS = 400 * 24 * 3_600_000;

/** A browser on which somebody logged in, and to which account. */
export interface KnownDevice {
  userId: string;
  deviceId: string;
}

/**
 * A browser's proof that somebody logged in on it before. It opens nothing: guesses that come with it are counted apart
 * (`GuessLimits`), so that guesses from the same IP address, as of the same office or mobile network, keep no owner out.
 */
@Injectable()
export class DeviceCookies {
  private readonly keys: SecretKeys;
  private readonly isCrossOrigin: (headers: Request['headers']) => boolean;

  constructor(
    private readonly configuration: Configuration,
    private readonly accessTokens: AccessTokens,
  ) {
    this.keys = derivedKeys(configuration, 'parley device cookie');
    this.isCrossOrigin = crossOriginPolicy(configuration);
  }

  /** After somebody logged in: whose the access token is that was just issued. */
  remember(request: Request, response: Response, accessToken: string): void {
    const { userId } = this.accessTokens.verify(accessToken).principal;
    const known = this.read(request);
    const deviceId = known?.userId === userId ? known.deviceId : newId();
    response.cookie(NAME, `${userId}.${deviceId}.${this.proof(userId, deviceId)}`, {
      httpOnly: true,
      sameSite: 'lax',
      secure: this.configuration.production,
      path: '/auth',
      maxAge: MAX_AGE_MS,
    });
  }

  /** Undefined where there is none that this server gave out, and for a page of another origin. */
  read({ headers }: Request): KnownDevice | undefined {
    if (headers.cookie === undefined || this.isCrossOrigin(headers)) return undefined;
    const [userId = '', deviceId = '', proof = ''] = parseCookie(headers.cookie)[NAME]?.split('.') ?? [];
    if (!UUID_PATTERN.test(userId) || !UUID_PATTERN.test(deviceId)) return undefined;
    const given = Buffer.from(proof);
    const isRight = this.keys.some((key) => {
      const right = Buffer.from(this.proof(userId, deviceId, key));
      return given.length === right.length && timingSafeEqual(given, right);
    });
    return isRight ? { userId, deviceId } : undefined;
  }

  private proof(userId: string, deviceId: string, key: Buffer = this.keys[0]): string {
    return createHmac('sha256', key).update(`${userId}.${deviceId}`).digest('base64url');
  }
}
