import { ApiProperty } from '@nestjs/swagger';
import { KEY_SCOPES, type KeyScope } from '../../common/access/key-scope.js';
import type { ApiKeyRow } from './api-keys.repository.js';

/** A key by which programs call (contract, section 9). Its secret is shown once, when it is made. */
export class ApiKeyView {
  id!: string;
  /** @example "Support desk" */
  name!: string;
  @ApiProperty({ enum: KEY_SCOPES, enumName: 'KeyScope', isArray: true })
  scopes!: KeyScope[];
  /** The administrator who made it. */
  createdBy!: string;
  /** ISO 8601, UTC. */
  createdAt!: string;
  /** ISO 8601, UTC; null where it has no end. */
  expiresAt!: string | null;
  /** To the minute: ISO 8601, UTC; null where it was never used. */
  lastUsedAt!: string | null;
}

/** A key that was just made. */
export class NewApiKeyView extends ApiKeyView {
  /** For `Authorization: Bearer`. It is kept as a hash: nobody can show it again. @example "pk_yZ0o0w7VbA3m0nYJ3l0tqP1o9m7h0bqzqT1cJ8c3s4E" */
  secret!: string;
}

export function apiKeyView({ id, name, scopes, createdBy, createdAt, expiresAt, lastUsedAt }: ApiKeyRow): ApiKeyView {
  return {
    id,
    name,
    scopes,
    createdBy,
    createdAt: createdAt.toISOString(),
    expiresAt: expiresAt?.toISOString() ?? null,
    lastUsedAt: lastUsedAt?.toISOString() ?? null,
  };
}
