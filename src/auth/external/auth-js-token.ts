import { hkdfSync } from 'node:crypto';
import { type JWTDecryptOptions, type JWTPayload, jwtDecrypt } from 'jose';
import type { AuthJsIssuer } from '../../config/trusted-issuers.js';

/** What a session token of either version is: encrypted directly with a key derived from the app's secret. */
const ENCRYPTION = {
  5: { method: 'A256CBC-HS512', keyBytes: 64, label: 'Auth.js Generated Encryption Key' },
  4: { method: 'A256GCM', keyBytes: 32, label: 'NextAuth.js Generated Encryption Key' },
} as const;

/** Reads the encrypted session tokens of one app with Auth.js or NextAuth.js. */
export class AuthJsTokens {
  private readonly key: Uint8Array;
  private readonly method: string;

  constructor({ authJsSecret, salt, version }: AuthJsIssuer) {
    const { method, keyBytes, label } = ENCRYPTION[version];
    const info = salt === '' ? label : `${label} (${salt})`;
    this.key = new Uint8Array(hkdfSync('sha256', authJsSecret, salt, info, keyBytes));
    this.method = method;
  }

  /** @throws JOSEError: JOSEAlgNotAllowed and JWEDecryptionFailed where the token is another app's. */
  async decrypt(token: string, options: JWTDecryptOptions): Promise<JWTPayload> {
    const { payload } = await jwtDecrypt(token, this.key, {
      ...options,
      keyManagementAlgorithms: ['dir'],
      contentEncryptionAlgorithms: [this.method],
    });
    return payload;
  }
}
