import { Injectable } from '@nestjs/common';
import type { Request } from 'express';
import type { Principal } from '../common/principal.js';
import { AccessTokens } from './access-token.js';
import { AccessTokenStrategy } from './access-token.strategy.js';
import { Authenticator } from './authenticator.js';

/** Access tokens for who came in by one, for clients that cannot keep theirs (docs/protocol/ws-rooms.md). */
@Injectable()
export class FreshTokens {
  constructor(
    private readonly accessTokens: AccessTokens,
    private readonly strategy: AccessTokenStrategy,
    private readonly authenticator: Authenticator,
  ) {}

  /**
   * A new one of the same session. A trusted issuer's own token is answered as it is: for how long it is good is for its
   * issuer to say.
   */
  async of(principal: Principal, request: Request): Promise<string> {
    const presented = this.strategy.tokenOf(request);
    return (await this.authenticator.isForeign(presented)) ? presented : this.accessTokens.issue(principal).accessToken;
  }
}
