import { Injectable } from '@nestjs/common';
import { parseCookie } from 'cookie';
import type { CookieOptions, Request, Response } from 'express';
import { DomainError } from '../../common/errors.js';
import { Configuration } from '../../config/configuration.js';
import { crossOriginPolicy, type RequestHeaders } from '../../config/origins.js';
import type { TokensView } from '../tokens/tokens.view.js';

const ACCESS = 'accessToken';
const REFRESH = 'refreshToken';
/** What changes nothing, so that it does not matter who made it happen. */
const SAFE_METHODS: readonly string[] = ['GET', 'HEAD', 'OPTIONS'];

/** What of a request shows who made it. Express's requests are such. */
export interface RequestHead {
  readonly method: string;
  readonly headers: RequestHeaders & {
    readonly authorization?: string | undefined;
    readonly cookie?: string | undefined;
  };
}

/** The tokens of a browser: cookies that its scripts cannot read (contract, sections 1 and 2). */
@Injectable()
export class SessionCookies {
  private readonly isCrossOrigin: (headers: RequestHeaders) => boolean;

  constructor(private readonly configuration: Configuration) {
    this.isCrossOrigin = crossOriginPolicy(configuration);
  }

  /**
   * Sets both, and answers the tokens as they are. The access token's cookie outlives it: a browser that sent none would be
   * answered UNAUTHORIZED and log in, where TOKEN_EXPIRED makes it refresh.
   */
  give<Tokens extends TokensView>(response: Response, tokens: Tokens): Tokens {
    const maxAge = this.configuration.refreshTokenSeconds * 1_000;
    response.cookie(ACCESS, tokens.accessToken, { ...this.options('/'), maxAge });
    response.cookie(REFRESH, tokens.refreshToken, { ...this.options('/auth'), maxAge });
    return tokens;
  }

  clear(response: Response): void {
    response.clearCookie(ACCESS, this.options('/'));
    response.clearCookie(REFRESH, this.options('/auth'));
  }

  /** @throws DomainError FOREIGN_ORIGIN where it comes with a request that changes something and is of a page of another origin. */
  accessToken({ method, headers }: RequestHead): string | undefined {
    const token = read(headers.cookie, ACCESS);
    if (token !== undefined && !SAFE_METHODS.includes(method)) this.refuseCrossOrigin(headers);
    return token;
  }

  /** @throws DomainError FOREIGN_ORIGIN */
  refreshToken({ headers }: Request): string | undefined {
    const token = read(headers.cookie, REFRESH);
    if (token !== undefined) this.refuseCrossOrigin(headers);
    return token;
  }

  /** For a socket's handshake. Undefined where it comes from a page of another origin, which may open a socket to anywhere. */
  accessTokenOfHandshake(headers: RequestHead['headers']): string | undefined {
    return this.isCrossOrigin(headers) ? undefined : read(headers.cookie, ACCESS);
  }

  private refuseCrossOrigin(headers: RequestHeaders): void {
    if (this.isCrossOrigin(headers)) throw new DomainError('FOREIGN_ORIGIN');
  }

  private options(path: string): CookieOptions {
    return { httpOnly: true, sameSite: 'lax', secure: this.configuration.production, path };
  }
}

function read(header: string | undefined, name: string): string | undefined {
  return header === undefined ? undefined : parseCookie(header)[name] || undefined;
}
