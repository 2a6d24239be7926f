import { randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { LimitsError, parseLimits } from '../limits/parse-limits.js';
import type { Limit, LimitTable } from '../limits/limits.js';
import { parseDatabaseUrl, DatabaseUrlError } from './database-url.js';
import { parseTrustedIssuers, type TrustedIssuer, TrustedIssuersError } from './trusted-issuers.js';

export const LOG_LEVELS = ['fatal', 'error', 'warn', 'info', 'debug', 'trace'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];
export type MessagingPolicy = 'anyone' | 'friends';
export type PresenceAudience = 'contacts' | 'everyone';

/** Where S3 is, or what speaks its protocol. */
export interface S3Settings {
  bucket: string;
  region: string;
  /** Undefined is Amazon's own. */
  endpoint: string | undefined;
  /** Undefined looks for them where Amazon's tools do: the environment, the machine's role. */
  credentials: { accessKeyId: string; secretAccessKey: string } | undefined;
  /** The bucket in the path instead of in the host's name. */
  forcePathStyle: boolean;
}

/** Every setting of a server, checked. Source: contract, section 9. */
export class Configuration {
  readonly production!: boolean;
  /** 0 asks the system for any free port. */
  readonly port!: number;
  /** Undefined listens on all addresses. */
  readonly host!: string | undefined;
  /** For how long a connection that asks for nothing stays open. */
  readonly keepAliveSeconds!: number;
  /** Undefined starts the embedded PostgreSQL under `dataDirectory`. */
  readonly databaseUrl!: string | undefined;
  /** Connections in all; `src/database/database.ts` divides them. */
  readonly databasePoolSize!: number;
  /** Absolute. */
  readonly dataDirectory!: string;
  /** Below it nothing new is stored; 0: no floor. */
  readonly minFreeDiskBytes!: number;
  /** Undefined keeps uploaded files under `dataDirectory`. */
  readonly s3!: S3Settings | undefined;
  /** Bytes of an uploaded file at the most, by its kind. */
  readonly uploadLimits!: Readonly<Record<'IMAGE' | 'VIDEO' | 'AUDIO' | 'FILE', number>>;
  /** Bytes of uploads that may lie under `dataDirectory` at a time before they are kept. */
  readonly spoolBytes!: number;
  /** For how long the address of a file is good at the most; it is good for half of that at least. */
  readonly attachmentUrlSeconds!: number;
  readonly jwtSecret!: string;
  /** The one before, during a change-over: what was made with it is still taken. */
  readonly jwtSecretPrevious!: string | undefined;
  readonly accessTokenSeconds!: number;
  readonly refreshTokenSeconds!: number;
  readonly trustedIssuers!: readonly TrustedIssuer[];
  /** Undefined writes mail to the log, in development alone. */
  readonly smtpUrl!: string | undefined;
  readonly mailFrom!: string;
  /** Whether an account is of use before its address is verified. */
  readonly emailVerification!: 'required' | 'off';
  readonly corsOrigins!: readonly string[];
  readonly messagingPolicy!: MessagingPolicy;
  /** Whether the pages that messages link to are fetched and shown. */
  readonly linkPreviews!: boolean;
  /** Hosts that are fetched for it although they are not public: `host` or `host:port`. */
  readonly linkPreviewAllowedHosts!: readonly string[];
  readonly presenceAudience!: PresenceAudience;
  /** The older dialects that clients may speak, by name. */
  readonly dialects!: 'all' | readonly string[];
  /** The dialect of a Socket.IO connection that chooses none: `parley` or one of `dialects`. */
  readonly socketDialect!: string;
  readonly rateLimits!: boolean;
  readonly limits!: LimitTable;
  /** Sockets of any kind that one user may have open, on one process. */
  readonly maxConnectionsPerUser!: number;
  /** The same of one IP address before it is known who they are. */
  readonly maxUnauthenticatedConnections!: number;
  /** TCP connections of all. */
  readonly maxConnections!: number;
  readonly logLevel!: LogLevel;
  /** One line for every request. */
  readonly logRequests!: boolean;
  readonly metricsToken!: string | undefined;
  /** Whether a forwarded address is believed: the number of proxies in front, 0 for none. */
  readonly trustedProxies!: number;

  constructor(values: Omit<Configuration, 'eventLimit'>) {
    Object.assign(this, values);
  }

  /** How many events one connection may send; undefined is not limited. */
  get eventLimit(): Limit | undefined {
    return this.rateLimits ? this.limits.events : undefined;
  }

  /**
   * Reads and checks the environment.
   * @throws ConfigurationError naming the first variable that is wrong, in one line.
   */
  static fromEnvironment(environment: Readonly<Record<string, string | undefined>> = process.env): Configuration {
    const read = new EnvironmentReader(environment);
    const production = isProduction(environment);
    const dataDirectory = resolve(read.text('DATA_DIR') ?? 'data');
    const databaseUrl = readDatabaseUrl(read, production);
    const trustedIssuers = readTrustedIssuers(read);
    return new Configuration({
      production,
      port: read.integer('PORT', 3000, 0, 65_535),
      host: read.text('HOST'),
      keepAliveSeconds: read.integer('KEEP_ALIVE_SECONDS', 75, 5, 3_600),
      databaseUrl,
      databasePoolSize: read.integer('DATABASE_POOL_SIZE', 16, 4, 200),
      dataDirectory,
      minFreeDiskBytes: read.integer('MIN_FREE_DISK_MB', 256, 0, 1_000_000) * MEGABYTE,
      s3: readS3(read),
      uploadLimits: {
        IMAGE: read.integer('MAX_IMAGE_MB', 10, 1, 100) * MEGABYTE,
        VIDEO: read.integer('MAX_VIDEO_MB', 100, 1, 2_000) * MEGABYTE,
        AUDIO: read.integer('MAX_AUDIO_MB', 100, 1, 2_000) * MEGABYTE,
        FILE: read.integer('MAX_FILE_MB', 50, 1, 2_000) * MEGABYTE,
      },
      spoolBytes: read.integer('MAX_SPOOL_MB', 4_096, 16, 1_000_000) * MEGABYTE,
      attachmentUrlSeconds: read.integer('ATTACHMENT_URL_SECONDS', 24 * 3_600, 2, 7 * 24 * 3_600),
      accessTokenSeconds: read.integer('ACCESS_TOKEN_SECONDS', 15 * 60, 1, 24 * 3600),
      refreshTokenSeconds: read.integer('REFRESH_TOKEN_DAYS', 30, 1, 400) * 24 * 3600,
      trustedIssuers,
      ...readMail(read, production),
      corsOrigins: readOrigins(read),
      messagingPolicy: read.choice('MESSAGING_POLICY', ['anyone', 'friends'], 'anyone'),
      linkPreviews: read.choice('LINK_PREVIEWS', ['on', 'off'], 'on') === 'on',
      linkPreviewAllowedHosts: read.list('LINK_PREVIEW_ALLOWED_HOSTS'),
      presenceAudience: read.choice('PRESENCE_AUDIENCE', ['contacts', 'everyone'], 'contacts'),
      ...readDialects(read),
      rateLimits: read.choice('RATE_LIMITS', ['on', 'off'], 'on') === 'on',
      limits: readLimits(read),
      maxConnectionsPerUser: read.integer('MAX_CONNECTIONS_PER_USER', 50, 1, 1_000_000),
      maxUnauthenticatedConnections: read.integer('MAX_UNAUTHENTICATED_CONNECTIONS', 500, 1, 1_000_000),
      maxConnections: read.integer('MAX_CONNECTIONS', 20_000, 1, 1_000_000),
      logLevel: read.choice('LOG_LEVEL', LOG_LEVELS, 'info'),
      logRequests: read.choice('LOG_REQUESTS', ['on', 'off'], 'off') === 'on',
      metricsToken: read.text('METRICS_TOKEN'),
      trustedProxies: read.integer('TRUSTED_PROXIES', 0, 0, 10),
      // Last: it may write a file, which a start that fails for another reason should not have done.
      jwtSecret: readJwtSecret(read, production, dataDirectory, trustedIssuers),
      jwtSecretPrevious: readSecret(read, 'JWT_SECRET_PREVIOUS', trustedIssuers),
    });
  }
}

/** Whether a start that knows nothing else yet is one of production: what it prints is JSON then. */
export function isProduction(environment: Readonly<Record<string, string | undefined>> = process.env): boolean {
  return environment.NODE_ENV === 'production';
}

/** A setting that is missing or wrong. The message is the one line that the start prints. */
export class ConfigurationError extends Error {
  override readonly name = 'ConfigurationError';
}

class EnvironmentReader {
  constructor(private readonly environment: Readonly<Record<string, string | undefined>>) {}

  /** Separated by commas; none where it is empty. */
  list(name: string): readonly string[] {
    return (this.text(name) ?? '').split(',').flatMap((item) => (item.trim() === '' ? [] : [item.trim()]));
  }

  text(name: string): string | undefined {
    const value = this.environment[name]?.trim();
    return value === '' ? undefined : value;
  }

  integer(name: string, fallback: number, least: number, most: number): number {
    const text = this.text(name);
    if (text === undefined) return fallback;
    const value = Number(text);
    if (!/^\d+$/.test(text) || value < least || value > most) {
      throw new ConfigurationError(`${name} must be a whole number from ${least} to ${most}, not "${text}"`);
    }
    return value;
  }

  choice<T extends string>(name: string, choices: readonly T[], fallback: T): T {
    const text = this.text(name);
    if (text === undefined) return fallback;
    const chosen = choices.find((choice) => choice === text);
    if (chosen === undefined)
      throw new ConfigurationError(`${name} must be one of ${choices.join(', ')}, not "${text}"`);
    return chosen;
  }
}

function readDatabaseUrl(read: EnvironmentReader, production: boolean): string | undefined {
  const text = read.text('DATABASE_URL');
  if (text === undefined && production) {
    throw new ConfigurationError(
      'DATABASE_URL is required in production (DATABASE_URL=embedded runs the embedded PostgreSQL)',
    );
  }
  if (text === undefined || text === 'embedded') return undefined;
  // The value may hold a password, so the message does not repeat it.
  if (!/^postgres(ql)?:$/.test(protocolOf(text))) {
    throw new ConfigurationError('DATABASE_URL must be a postgresql:// address, or "embedded"');
  }
  try {
    parseDatabaseUrl(text);
  } catch (error) {
    if (error instanceof DatabaseUrlError) throw new ConfigurationError(`DATABASE_URL: ${error.message}`);
    throw error;
  }
  return text;
}

function protocolOf(text: string): string {
  try {
    return new URL(text).protocol;
  } catch {
    return '';
  }
}

function readTrustedIssuers(read: EnvironmentReader): readonly TrustedIssuer[] {
  try {
    return parseTrustedIssuers(read.text('AUTH_TRUSTED_ISSUERS'));
  } catch (error) {
    if (error instanceof TrustedIssuersError) throw new ConfigurationError(error.message);
    throw error;
  }
}

function readLimits(read: EnvironmentReader): LimitTable {
  try {
    return parseLimits(read.text('LIMITS'));
  } catch (error) {
    if (error instanceof LimitsError) throw new ConfigurationError(`LIMITS ${error.message}`);
    throw error;
  }
}

function readMail(
  read: EnvironmentReader,
  production: boolean,
): Pick<Configuration, 'smtpUrl' | 'mailFrom' | 'emailVerification'> {
  const smtpUrl = read.text('SMTP_URL');
  // The value may hold a password, so the message does not repeat it.
  if (smtpUrl !== undefined && !/^smtps?:$/.test(protocolOf(smtpUrl)))
    throw new ConfigurationError('SMTP_URL must be an smtp:// or smtps:// address');
  const mailFrom = read.text('MAIL_FROM') ?? 'Parley <no-reply@localhost>';
  if (!/^[^\r\n]{0,200}<?[^\s@<>]+@[^\s@<>]+>?$/.test(mailFrom))
    throw new ConfigurationError('MAIL_FROM must be an address such as "Chat <chat@example.com>"');
  if (production && smtpUrl !== undefined && read.text('MAIL_FROM') === undefined)
    throw new ConfigurationError('MAIL_FROM is required in production where SMTP_URL is set');
  const emailVerification = read.choice(
    'EMAIL_VERIFICATION',
    ['required', 'off'],
    smtpUrl === undefined ? 'off' : 'required',
  );
  if (production && emailVerification === 'required' && smtpUrl === undefined)
    throw new ConfigurationError('SMTP_URL is required in production where EMAIL_VERIFICATION=required');
  return { smtpUrl, mailFrom, emailVerification };
}

/** Only the form is known here: which dialects there are, src/dialects knows, and refuses any other. */
function readDialects(read: EnvironmentReader): Pick<Configuration, 'dialects' | 'socketDialect'> {
  const text = read.text('DIALECTS') ?? 'all';
  const names = text === 'none' ? [] : text.split(',').map((name) => name.trim());
  return { dialects: text === 'all' ? 'all' : names, socketDialect: read.text('SOCKET_DIALECT') ?? 'parley' };
}

const MEGABYTE = 1024 * 1024;

function readS3(read: EnvironmentReader): S3Settings | undefined {
  const bucket = read.text('S3_BUCKET');
  const endpoint = read.text('S3_ENDPOINT');
  const accessKeyId = read.text('S3_ACCESS_KEY_ID');
  const secretAccessKey = read.text('S3_SECRET_ACCESS_KEY');
  const region = read.text('S3_REGION') ?? 'us-east-1';
  const forcePathStyle =
    read.choice('S3_FORCE_PATH_STYLE', ['on', 'off'], endpoint === undefined ? 'off' : 'on') === 'on';
  if (endpoint !== undefined && !/^https?:$/.test(protocolOf(endpoint)))
    throw new ConfigurationError('S3_ENDPOINT must be an https:// or http:// address');
  if ((accessKeyId === undefined) !== (secretAccessKey === undefined))
    throw new ConfigurationError('S3_ACCESS_KEY_ID and S3_SECRET_ACCESS_KEY must be set together');
  if (bucket === undefined) {
    if (endpoint !== undefined || accessKeyId !== undefined)
      throw new ConfigurationError('S3_BUCKET is required where other S3_ variables are set');
    return undefined;
  }
  const credentials =
    accessKeyId === undefined || secretAccessKey === undefined ? undefined : { accessKeyId, secretAccessKey };
  return { bucket, region, endpoint, credentials, forcePathStyle };
}

function readOrigins(read: EnvironmentReader): string[] {
  const origins = (read.text('CORS_ORIGINS') ?? '')
    .split(',')
    .map((origin) => origin.trim().replace(/\/$/, ''))
    .filter((origin) => origin !== '');
  for (const origin of origins) {
    if (!/^https?:$/.test(protocolOf(origin)) || new URL(origin).origin !== origin) {
      throw new ConfigurationError(`CORS_ORIGINS must be origins such as https://app.example.com, not "${origin}"`);
    }
  }
  return origins;
}

const MIN_SECRET_BYTES = 32;

function readJwtSecret(
  read: EnvironmentReader,
  production: boolean,
  dataDirectory: string,
  trustedIssuers: readonly TrustedIssuer[],
): string {
  const secret = readSecret(read, 'JWT_SECRET', trustedIssuers);
  if (secret !== undefined) return secret;
  if (production) throw new ConfigurationError('JWT_SECRET is required in production (try: openssl rand -base64 48)');
  return keptSecret(dataDirectory);
}

function readSecret(
  read: EnvironmentReader,
  name: string,
  trustedIssuers: readonly TrustedIssuer[],
): string | undefined {
  const secret = read.text(name);
  if (secret === undefined) return undefined;
  if (Buffer.byteLength(secret) < MIN_SECRET_BYTES || /^(.)\1*$/.test(secret) || /change.?me/i.test(secret)) {
    throw new ConfigurationError(
      `${name} must be at least ${MIN_SECRET_BYTES} bytes and no placeholder (try: openssl rand -base64 48)`,
    );
  }
  // Whoever has the secret of another app could sign this server's own tokens with it.
  if (trustedIssuers.some((issuer) => issuer.kind === 'secret' && issuer.secret === secret))
    throw new ConfigurationError(`${name} must not be the secret of a trusted issuer: give this server one of its own`);
  return secret;
}

/** The generated secret, the same at every start. Two processes that start at once agree: only one creates the file. */
function keptSecret(dataDirectory: string): string {
  const path = join(dataDirectory, 'jwt-secret');
  try {
    mkdirSync(dataDirectory, { recursive: true });
    writeFileSync(path, randomBytes(48).toString('base64'), { flag: 'wx', mode: 0o600 });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') {
      throw new ConfigurationError(`DATA_DIR ${dataDirectory} cannot be written: ${(error as Error).message}`);
    }
  }
  const kept = readFileSync(path, 'utf8').trim();
  if (Buffer.byteLength(kept) < MIN_SECRET_BYTES) {
    throw new ConfigurationError(`DATA_DIR holds a damaged ${path}: delete it, and clients refresh their sessions`);
  }
  return kept;
}
