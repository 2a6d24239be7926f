import { createECDH, createPrivateKey, type KeyObject } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createKept } from '../secrets/kept-file.js';
import { ConfigurationError, type SettingValues } from './settings.js';

/** What a notification may show. */
export type PreviewCeiling = 'full' | 'sender' | 'none';

export interface ExpoSettings {
  url: string;
  accessToken: string | undefined;
}

/** Google's service account that sends. */
export interface FcmSettings {
  url: string;
  projectId: string;
  clientEmail: string;
  privateKey: KeyObject;
  privateKeyId: string | undefined;
  /** Where its access tokens are from. */
  tokenUrl: string;
}

export interface ApnsSettings {
  /** By the environment of a device. */
  urls: Readonly<Record<'production' | 'sandbox', string>>;
  key: KeyObject;
  keyId: string;
  teamId: string;
  bundleId: string;
}

/** What browsers know a server by (VAPID). */
export interface VapidKeys {
  /** Uncompressed, base64url. */
  publicKey: string;
  privateKey: KeyObject;
}

export interface WebPushSettings {
  /** Push services that endpoints may lie at: `host`, `*.host`, or `http://host:port` for one of the operator's network. */
  hosts: readonly string[];
  /** Made when they are first asked for, and kept. @throws ConfigurationError where they cannot be read or kept */
  keys(): VapidKeys;
  /** Whom a push service may write to: mailto: or https:. */
  subject: string;
}

export interface PushSettings {
  /** False: there are no devices, and nothing is sent. */
  enabled: boolean;
  /** No device is shown more, whatever it asks for. */
  preview: PreviewCeiling;
  expo: ExpoSettings;
  /** Undefined: devices of it may register, and get nothing. */
  fcm: FcmSettings | undefined;
  apns: ApnsSettings | undefined;
  web: WebPushSettings;
}

/** @throws ConfigurationError where a key is none, or a part of them is missing */
export function pushSettingsOf(settings: SettingValues, dataDirectory: string): PushSettings {
  return {
    enabled: settings.PUSH,
    preview: settings.PUSH_PREVIEW,
    expo: { url: withoutSlash(settings.EXPO_PUSH_URL), accessToken: settings.EXPO_ACCESS_TOKEN },
    fcm: fcmOf(settings),
    apns: apnsOf(settings),
    web: webOf(settings, dataDirectory),
  };
}

function fcmOf({ FCM_SERVICE_ACCOUNT: given, FCM_URL: url }: SettingValues): FcmSettings | undefined {
  if (given === undefined) return undefined;
  const fault = new ConfigurationError(
    'FCM_SERVICE_ACCOUNT must be the JSON of a service account, or the path of a file with it (Firebase console, project settings, service accounts)',
  );
  let account: unknown;
  try {
    account = JSON.parse(given.startsWith('{') ? given : readFileSync(given, 'utf8'));
  } catch {
    throw fault;
  }
  const { type, project_id, client_email, private_key, private_key_id, token_uri } = (account ?? {}) as Record<
    string,
    unknown
  >;
  if (typeof project_id !== 'string' || typeof client_email !== 'string' || typeof private_key !== 'string')
    throw fault;
  if (type !== undefined && type !== 'service_account') throw fault;
  if (!/^([\w.-]+:)?[\w-]+$/.test(project_id))
    throw new ConfigurationError('FCM_SERVICE_ACCOUNT has a project_id that is no id of a project');
  const privateKey = keyOf(private_key, 'rsa');
  if (privateKey === undefined)
    throw new ConfigurationError('FCM_SERVICE_ACCOUNT has a private_key that is no RSA key');
  const tokenUrl = typeof token_uri === 'string' ? token_uri : 'https://oauth2.googleapis.com/token';
  if (!isSignIn(tokenUrl, url))
    throw new ConfigurationError('FCM_SERVICE_ACCOUNT has a token_uri that is no https:// URL');
  return {
    url: withoutSlash(url),
    projectId: project_id,
    clientEmail: client_email,
    privateKey,
    privateKeyId: typeof private_key_id === 'string' ? private_key_id : undefined,
    tokenUrl,
  };
}

/** The assertion that is sent there is worth an hour of the project: by TLS, or to where messages are sent as well. */
function isSignIn(tokenUrl: string, url: string): boolean {
  if (!URL.canParse(tokenUrl)) return false;
  const { protocol, origin } = new URL(tokenUrl);
  return protocol === 'https:' || origin === new URL(url).origin;
}

function apnsOf(settings: SettingValues): ApnsSettings | undefined {
  const { APNS_KEY: given, APNS_KEY_ID: keyId, APNS_TEAM_ID: teamId, APNS_BUNDLE_ID: bundleId } = settings;
  if (given === undefined && keyId === undefined && teamId === undefined && bundleId === undefined) return undefined;
  if (given === undefined || keyId === undefined || teamId === undefined || bundleId === undefined)
    throw new ConfigurationError('APNS_KEY, APNS_KEY_ID, APNS_TEAM_ID and APNS_BUNDLE_ID must be set together');
  const fault = new ConfigurationError('APNS_KEY must be the .p8 key that Apple gave you, or the path of its file');
  let text: string;
  try {
    // In an environment file line breaks are often written out.
    text = given.includes('-----BEGIN') ? given.replaceAll('\\n', '\n') : readFileSync(given, 'utf8');
  } catch {
    throw fault;
  }
  const key = keyOf(text, 'ec');
  if (key === undefined || key.asymmetricKeyDetails?.namedCurve !== 'prime256v1') throw fault;
  return {
    urls: { production: withoutSlash(settings.APNS_URL), sandbox: withoutSlash(settings.APNS_SANDBOX_URL) },
    key,
    keyId,
    teamId,
    bundleId,
  };
}

function keyOf(text: string, type: 'rsa' | 'ec'): KeyObject | undefined {
  try {
    const key = createPrivateKey(text);
    return key.asymmetricKeyType === type ? key : undefined;
  } catch {
    return undefined;
  }
}

function webOf(settings: SettingValues, dataDirectory: string): WebPushSettings {
  const { VAPID_PRIVATE_KEY: given, VAPID_SUBJECT: subject, PUSH_WEB_HOSTS: hosts, MAIL_FROM: mailFrom } = settings;
  let keys: VapidKeys | undefined;
  if (given !== undefined) {
    keys = pairOf(given);
    if (keys === undefined)
      throw new ConfigurationError('VAPID_PRIVATE_KEY must be a private key of P-256: 32 bytes, base64url');
  }
  const mail = mailFrom === undefined ? undefined : /[^\s<>]+@[^\s<>]+/.exec(mailFrom)?.[0];
  return {
    hosts,
    keys: () => (keys ??= keptKeys(dataDirectory)),
    subject: subject ?? (mail === undefined ? 'mailto:push@parley.invalid' : `mailto:${mail}`),
  };
}

function pairOf(text: string): VapidKeys | undefined {
  const secret = Buffer.from(text, 'base64url');
  if (secret.length !== 32) return undefined;
  try {
    const curve = createECDH('prime256v1');
    curve.setPrivateKey(secret);
    const point = curve.getPublicKey();
    const [x, y] = [point.subarray(1, 33).toString('base64url'), point.subarray(33).toString('base64url')];
    const jwk = { kty: 'EC', crv: 'P-256', d: secret.toString('base64url'), x, y };
    return { publicKey: point.toString('base64url'), privateKey: createPrivateKey({ key: jwk, format: 'jwk' }) };
  } catch {
    return undefined;
  }
}

const KEY_FILE = 'vapid-private-key';

/** The generated keys, the same at every start. Two processes that start at once agree: only one creates the file. */
function keptKeys(dataDirectory: string): VapidKeys {
  const path = join(dataDirectory, KEY_FILE);
  createKept(path, generatedKey);
  const kept = pairOf(readFileSync(path, 'utf8').trim());
  if (kept === undefined)
    throw new ConfigurationError(
      `DATA_DIR holds a damaged ${path}: restore it, or delete it, and browsers subscribe anew`,
    );
  return kept;
}

function generatedKey(): string {
  const curve = createECDH('prime256v1');
  curve.generateKeys();
  // Padded: a key that begins with zeros has fewer bytes.
  return Buffer.concat([Buffer.alloc(32), curve.getPrivateKey()])
    .subarray(-32)
    .toString('base64url');
}

function withoutSlash(url: string): string {
  return url.replace(/\/+$/, '');
}
