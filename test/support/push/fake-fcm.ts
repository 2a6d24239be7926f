import { createPublicKey, generateKeyPairSync, randomUUID, verify } from 'node:crypto';
import { type Call, FakeService, type Reply } from './fake-service.js';

/** One for all: making a key of RSA takes more of the processor than the start of a server does. */
const PAIR = generateKeyPairSync('rsa', { modulusLength: 2_048 });

/** Google's sign-in and Firebase Cloud Messaging in one. */
export class FakeFcm extends FakeService {
  /** The code that a token is refused with; by token. */
  readonly refusals = new Map<string, { status: number; code: string; retryAfter?: string; quotaOf?: string }>();
  /** Under which key each notification would take another one's place while the phone is off; undefined: under none. */
  readonly collapseKeys: (string | undefined)[] = [];
  /** No key is taken. */
  refusesKey = false;
  signIns = 0;
  private readonly tokens = new Set<string>();

  /** What an operator downloads from Firebase. */
  get serviceAccount(): string {
    return JSON.stringify({
      type: 'service_account',
      project_id: 'parley-test',
      private_key_id: 'key-1',
      private_key: PAIR.privateKey.export({ type: 'pkcs8', format: 'pem' }),
      client_email: 'push@parley-test.iam.gserviceaccount.com',
      token_uri: `${this.url}/token`,
    });
  }

  /** Every access token ends now. */
  expireTokens(): void {
    this.tokens.clear();
  }

  protected answer(call: Call): Reply {
    if (call.path === '/token') return this.signIn(call);
    if (call.path !== '/v1/projects/parley-test/messages:send') this.fault(`there is no ${call.path}`);
    const token = call.headers.authorization?.replace('Bearer ', '') ?? '';
    if (!this.tokens.has(token)) return refusal(401, 'UNAUTHENTICATED', undefined);
    if (call.body.length > 4_500) this.fault('a message of more than 4,096 bytes');
    const { message } = JSON.parse(call.body.toString());
    const refused = this.refusals.get(message.token);
    if (refused !== undefined)
      return refusal(refused.status, 'REFUSED', refused.code, refused.retryAfter, refused.quotaOf);
    for (const value of Object.values(message.data)) if (typeof value !== 'string') this.fault('data that is no text');
    this.collapseKeys.push(message.android?.collapse_key);
    this.delivered.push({
      address: message.token,
      title: message.notification?.title,
      body: message.notification?.body,
      badge: Number(message.data.badge),
      sound: message.android?.notification?.default_sound === true,
      tag: message.android?.notification?.tag,
      quiet: message.notification === undefined,
      data: message.data,
    });
    return { status: 200, body: { name: `projects/parley-test/messages/${randomUUID()}` } };
  }

  private signIn({ body }: Call): Reply {
    this.signIns += 1;
    const form = new URLSearchParams(body.toString());
    if (form.get('grant_type') !== 'urn:ietf:params:oauth:grant-type:jwt-bearer') this.fault('another grant');
    const [header = '', claims = '', signature = ''] = (form.get('assertion') ?? '').split('.');
    const key = createPublicKey(PAIR.privateKey);
    if (!verify('sha256', Buffer.from(`${header}.${claims}`), key, Buffer.from(signature, 'base64url')))
      this.fault('a signature that is none');
    const said = JSON.parse(Buffer.from(claims, 'base64url').toString());
    const age = Date.now() / 1_000 - said.iat;
    if (said.aud !== `${this.url}/token` || said.exp - said.iat > 3_600 || Math.abs(age) > 300)
      this.fault('claims that are none');
    if (!String(said.scope).endsWith('firebase.messaging')) this.fault('another scope');
    if (this.refusesKey) return { status: 400, body: { error: 'invalid_grant' } };
    const token = randomUUID();
    this.tokens.add(token);
    return { status: 200, body: { access_token: token, expires_in: 3_599, token_type: 'Bearer' } };
  }
}

function refusal(
  status: number,
  word: string,
  errorCode: string | undefined,
  retryAfter?: string,
  quotaOf?: string,
): Reply {
  const details: object[] =
    errorCode === undefined ? [] : [{ '@type': 'type.googleapis.com/google.firebase.fcm.v1.FcmError', errorCode }];
  if (quotaOf !== undefined)
    details.push({
      '@type': 'type.googleapis.com/google.rpc.QuotaFailure',
      violations: [{ subject: quotaOf, description: 'used up' }],
    });
  return {
    status,
    body: { error: { code: status, status: word, message: 'refused', details } },
    ...(retryAfter === undefined ? {} : { headers: { 'retry-after': retryAfter } }),
  };
}
