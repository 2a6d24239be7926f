import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { createHmac, createSign, generateKeyPairSync, randomBytes, randomUUID } from 'node:crypto';
import { createServer, request as httpRequest, type Server } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { Clock } from '../../../src/common/clock.js';
import { Database } from '../../../src/database/database.js';
import { LIMITS } from '../../../src/limits/limits.js';
import {
  type Answer,
  type Anything,
  Device,
  type Person,
  request,
  startStory,
  type Story,
  until,
} from '../../support/story.js';
import { problem, refusal } from './shapes.js';

const NOBODY = '0197a6b2-8f1e-7c3a-9d52-1b6f0c8e4a11';
const PASSWORD = 'correct horse';

/** The key that `startStory` configures. */
const SECRET = 'a secret that is long enough for every test';
const HEADER = { alg: 'HS256', typ: 'JWT' };
const now = (): number => Math.floor(Date.now() / 1_000);
const encoded = (part: unknown): string =>
  Buffer.from(typeof part === 'string' ? part : JSON.stringify(part)).toString('base64url');

type Signature = (input: string) => string;
const hmac =
  (key: string | Buffer, hash = 'sha256'): Signature =>
  (input) =>
    createHmac(hash, key).update(input).digest('base64url');

/** A token made by hand; texts stand for themselves, whether or not they are JSON. */
function token(claims: unknown, header: unknown = HEADER, sign: Signature = hmac(SECRET)): string {
  const input = `${encoded(header)}.${encoded(claims)}`;
  return `${input}.${sign(input)}`;
}

const claimsOf = (accessToken: string): Anything =>
  JSON.parse(Buffer.from(accessToken.split('.')[1] ?? '', 'base64url').toString());

/** What node:http sends as it is told, where `fetch` would put it right. */
function plainRequest(
  url: string,
  path: string,
  headers: Record<string, string | string[]>,
  { method = 'GET', body = '' } = {},
): Promise<{ status: number; body: Anything }> {
  return new Promise((resolve, reject) => {
    const sent = httpRequest(url + path, { method, headers, agent: false }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () => {
        const text = Buffer.concat(chunks).toString();
        resolve({ status: response.statusCode ?? 0, body: text === '' ? undefined : JSON.parse(text) });
      });
    });
    sent.on('error', reject);
    sent.end(body);
  });
}

describe('an attacker with tokens', () => {
  let story: Story;
  let [ada, bob]: [Person, Person] = [] as never;
  let adas: Device;
  /** The claims of Ada's own token. */
  let own: Anything;
  let bobsSession: string;
  /** Where an attacker would serve keys; nobody may ever ask. */
  let keyServer: Server;
  let keyUrl: string;
  let keysAskedFor = 0;

  beforeAll(async () => {
    story = await startStory({ rateLimits: false });
    [ada, bob] = await Promise.all([story.person('ada'), story.person('bob')]);
    adas = await ada.device();
    own = claimsOf(ada.accessToken);
    bobsSession = claimsOf(bob.accessToken).sid;
    keyServer = createServer((_, response) => {
      keysAskedFor += 1;
      response.end(JSON.stringify({ keys: [{ kty: 'oct', kid: 'x', alg: 'HS256', k: encoded('evil') }] }));
    }).listen(0, '127.0.0.1');
    await new Promise((resolve) => keyServer.once('listening', resolve));
    keyUrl = `http://127.0.0.1:${(keyServer.address() as AddressInfo).port}/keys`;
  });
  afterAll(async () => {
    keyServer.closeAllConnections();
    keyServer.close();
    await story.close();
  });

  async function overHttp(presented: string): Promise<string> {
    const { status, body } = await plainRequest(story.url, '/users/me', { authorization: `Bearer ${presented}` });
    if (status === 200) return `let in as ${body.id}`;
    // Node answers what does not fit its headers by itself, and without a body.
    if (status === 431) return 'UNAUTHORIZED';
    expect([status, body]).toEqual([401, problem(401, body?.code)]);
    return body.code;
  }

  async function overHandshake(presented: string): Promise<string> {
    const device = new Device(story.url, { token: presented });
    const code = await Promise.race([
      device.next('connect_error').then((data) => data.code as string),
      device.next('session:ready').then(({ userId }) => `let in as ${userId}`),
    ]);
    device.socket.close();
    return code;
  }

  async function overCommand(presented: string): Promise<string> {
    const answer = await adas.ask('authenticate', { token: presented });
    if (answer.ok) return `let in as ${ada.id}`;
    // Longer than any token: refused before it is looked at.
    return answer.error.code === 'VALIDATION_FAILED' && presented.length > 8_192 ? 'UNAUTHORIZED' : answer.error.code;
  }

  /** What each door says to it. */
  const doors = (presented: string): Promise<string[]> =>
    Promise.all([overHttp(presented), overHandshake(presented), overCommand(presented)]);
  const everywhere = (code: string): string[] => [code, code, code];

  it('made as these tests make it, the right token is let in by every door', async () => {
    expect(await doors(token(own))).toEqual(everywhere(`let in as ${ada.id}`));
    // RFC 7519, 4.1.3: this server is among those that it is meant for.
    expect(await doors(token({ ...own, aud: ['another', 'parley'] }))).toEqual(everywhere(`let in as ${ada.id}`));
  });

  const NONE = ['none', 'None', 'NONE', 'nOnE'];
  it.each([
    ...NONE.map((alg): [string, () => string] => [`${alg}, unsigned`, () => token(own, { ...HEADER, alg }, () => '')]),
    ...NONE.map((alg): [string, () => string] => [
      `${alg} with the signature of a right token`,
      () => token(own, { ...HEADER, alg }, () => ada.accessToken.split('.')[2] ?? ''),
    ]),
    ['none, signed with the right key', () => token(own, { ...HEADER, alg: 'none' })],
    ['none without a third part', () => `${encoded({ alg: 'none' })}.${encoded(own)}`],
    ['HS256, unsigned', () => token(own, HEADER, () => '')],
    ['HS256 without a third part', () => token(own).split('.').slice(0, 2).join('.')],
    ['HS256 with a blank signature', () => token(own, HEADER, () => '%20')],
  ])('is refused without a signature: %s', async (_, make) => {
    expect(await doors(make())).toEqual(everywhere('UNAUTHORIZED'));
  });

  const rsa = generateKeyPairSync('rsa', { modulusLength: 2_048 });
  const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const publicPem = rsa.publicKey.export({ type: 'spki', format: 'pem' }).toString();
  const byRsa: Signature = (input) => createSign('RSA-SHA256').update(input).sign(rsa.privateKey, 'base64url');
  const byEc: Signature = (input) =>
    createSign('SHA256').update(input).sign({ key: ec.privateKey, dsaEncoding: 'ieee-p1363' }, 'base64url');

  it.each<[string, () => string]>([
    ['HS256 with another key', () => token(own, HEADER, hmac('another secret that is long enough for it'))],
    ['HS256 with the beginning of the key', () => token(own, HEADER, hmac(SECRET.slice(0, -1)))],
    ['HS256 with an empty key', () => token(own, HEADER, hmac(''))],
    ['HS256 with the word undefined', () => token(own, HEADER, hmac('undefined'))],
    ['HS256 with the key in base64', () => token(own, HEADER, hmac(Buffer.from(SECRET).toString('base64')))],
    ['an expired one with another key', () => token({ ...own, exp: 1 }, HEADER, hmac('evil'))],
    ['HS384 with the right key', () => token(own, { ...HEADER, alg: 'HS384' }, hmac(SECRET, 'sha384'))],
    ['HS512 with the right key', () => token(own, { ...HEADER, alg: 'HS512' }, hmac(SECRET, 'sha512'))],
    ['HS384 that is HS256', () => token(own, { ...HEADER, alg: 'HS384' })],
    ['HS256 that is HS512', () => token(own, HEADER, hmac(SECRET, 'sha512'))],
    ['RS256', () => token(own, { ...HEADER, alg: 'RS256' }, byRsa)],
    ['RS256 that is HS256 with the right key', () => token(own, { ...HEADER, alg: 'RS256' })],
    ['HS256 with a public key as the secret', () => token(own, HEADER, hmac(publicPem))],
    ['ES256', () => token(own, { ...HEADER, alg: 'ES256' }, byEc)],
    ['ES256 of nothing but zeros', () => token(own, { ...HEADER, alg: 'ES256' }, () => encoded('\0'.repeat(64)))],
    ['PS256', () => token(own, { ...HEADER, alg: 'PS256' }, byRsa)],
    ...[
      undefined,
      null,
      '',
      'hs256',
      'HS256 ',
      'HMAC',
      '__proto__',
      'constructor',
      'toString',
      256,
      true,
      {},
      ['HS256'],
    ].map((alg): [string, () => string] => [`algorithm ${JSON.stringify(alg)}`, () => token(own, { ...HEADER, alg })]),
  ])('is refused with another key or algorithm: %s', async (_, make) => {
    expect(await doors(make())).toEqual(everywhere('UNAUTHORIZED'));
  });

  const evil = hmac('evil');
  it.each<[string, () => string]>([
    ['kid of an empty file', () => token(own, { ...HEADER, kid: '../../../../../../dev/null' }, hmac(''))],
    ['kid of a known file', () => token(own, { ...HEADER, kid: '/proc/sys/kernel/randomize_va_space' }, hmac('2\n'))],
    ['kid with SQL', () => token(own, { ...HEADER, kid: "x' UNION SELECT 'evil' -- " }, evil)],
    ['kid with a command', () => token(own, { ...HEADER, kid: '|echo evil' }, evil)],
    ['kid of an array', () => token(own, { ...HEADER, kid: ['evil'] }, evil)],
    ['kid of an object', () => token(own, { ...HEADER, kid: { $ne: null } }, evil)],
    ['kid of __proto__', () => token(own, { ...HEADER, kid: '__proto__' }, hmac('[object Object]'))],
    ['jwk, symmetric', () => token(own, { ...HEADER, jwk: { kty: 'oct', k: encoded('evil') } }, evil)],
    [
      'jwk, asymmetric',
      () => token(own, { ...HEADER, alg: 'RS256', jwk: rsa.publicKey.export({ format: 'jwk' }) }, byRsa),
    ],
    ['jku', () => token(own, { ...HEADER, kid: 'x', jku: keyUrl }, evil)],
    ['x5u', () => token(own, { ...HEADER, alg: 'RS256', x5u: keyUrl }, byRsa)],
    ['x5c', () => token(own, { ...HEADER, alg: 'RS256', x5c: [publicPem.split('\n').slice(1, -2).join('')] }, byRsa)],
    ['iss of a server of keys', () => token({ ...own, iss: keyUrl }, { ...HEADER, kid: 'x' }, evil)],
    ['the header null', () => token(own, 'null')],
    ['a header of a number', () => token(own, '1')],
    ['a header of a text', () => token(own, '"HS256"')],
    ['a header of a list', () => token(own, '["HS256"]')],
    ['a header that is no JSON', () => token(own, '{"alg":"HS256"')],
    ['no header', () => token(own, '')],
    ['a header with __proto__', () => token(own, '{"__proto__":{"alg":"HS256"},"typ":"JWT"}')],
  ])('cannot say which key to use: %s', async (_, make) => {
    expect(await doors(make())).toEqual(everywhere('UNAUTHORIZED'));
    expect(keysAskedFor).toBe(0);
  });

  it.each<[string, () => object]>([
    ['another issuer', () => ({ iss: 'somebody' })],
    ['no issuer', () => ({ iss: undefined })],
    ['a list of issuers', () => ({ iss: ['parley'] })],
    ['another audience', () => ({ aud: 'somebody' })],
    ['no audience', () => ({ aud: undefined })],
    ['a list of other audiences', () => ({ aud: ['somebody', 'parley ', 'PARLEY'] })],
    ['an empty list of audiences', () => ({ aud: [] })],
    ['an object as the audience', () => ({ aud: { parley: 'parley' } })],
    ['no end', () => ({ exp: undefined })],
    ['null as its end', () => ({ exp: null })],
    ['a text as its end', () => ({ exp: String(now() + 900) })],
    ['a list as its end', () => ({ exp: [now() + 900] })],
    ['a beginning that is yet to come', () => ({ nbf: now() + 3_600 })],
    ['a session never opened, and no end in sight', () => ({ sid: NOBODY, exp: 32_503_680_000 })],
    ['no session', () => ({ sid: undefined })],
    ['a list of sessions', () => ({ sid: [own.sid] })],
    ['an object as its session', () => ({ sid: { id: own.sid } })],
    ['SQL as its session', () => ({ sid: `${own.sid}' OR '1'='1` })],
    ['a session and a line more', () => ({ sid: `${own.sid}\n` })],
    ['a session of somebody else', () => ({ sid: bobsSession })],
    ['another user on my session', () => ({ sub: bob.id })],
    ['a user that never was on my session', () => ({ sub: NOBODY })],
    ['no user', () => ({ sub: undefined })],
    ['a user by name', () => ({ sub: ada.username })],
    ['a list of users', () => ({ sub: [ada.id] })],
    ['a number as its user', () => ({ sub: 1 })],
    ['a wildcard as its user', () => ({ sub: '%' })],
    ['a user and NUL', () => ({ sub: `${ada.id}\0` })],
    ['a user and more', () => ({ sub: `${ada.id} ${bob.id}` })],
  ])('is refused, though the key is right, with %s', async (_, claims) => {
    expect(await doors(token({ ...own, ...claims() }))).toEqual(everywhere('UNAUTHORIZED'));
  });

  it.each([
    ['null', 'null'],
    ['a number', '5'],
    ['a text', '"text"'],
    ['a list', '[]'],
    ['an empty object', '{}'],
    ['no JSON', '{'],
    ['nothing', ''],
    ['three thousand lists in each other', `${'['.repeat(3_000)}${']'.repeat(3_000)}`],
  ])('is refused, though the key is right, where the claims are %s', async (_, claims) => {
    for (const header of [HEADER, { alg: 'HS256' }]) {
      expect(await doors(token(claims, header))).toEqual(everywhere('UNAUTHORIZED'));
    }
  });

  it.each([1, 0, -1, -1e300, () => now() - 1])('is told that it came too late with the end %p', async (exp) => {
    const presented = token({ ...own, exp: typeof exp === 'number' ? exp : exp() });
    expect(await doors(presented)).toEqual(everywhere('TOKEN_EXPIRED'));
  });

  it.each([1e12, 9e15, 1e300])('an end as far away as %p breaks nothing', async (exp) => {
    const [answer, ...others] = await doors(token({ ...own, exp }));
    expect([`let in as ${ada.id}`, 'UNAUTHORIZED']).toContain(answer);
    expect(others).toEqual([answer, answer]);
    expect(adas.socket.connected).toBe(true);
  });

  it('is refused with a session that was ended, its own or another’s', async () => {
    const login = await request(story.url, 'POST', '/auth/login', { email: ada.email, password: PASSWORD });
    const ended = login.body.accessToken as string;
    expect(await overHttp(ended)).toBe(`let in as ${ada.id}`);
    expect((await request(story.url, 'POST', '/auth/logout', undefined, ended)).status).toBe(204);
    expect(await doors(ended)).toEqual(everywhere('UNAUTHORIZED'));
    expect(await doors(token({ ...claimsOf(ended), exp: now() + 1e6 }))).toEqual(everywhere('UNAUTHORIZED'));
    expect(await overHttp(ada.accessToken)).toBe(`let in as ${ada.id}`);
  });

  /** Another text for the same bytes: base64url leaves the last two bits of 32 bytes open. */
  function respelled(presented: string): string {
    const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
    const last = alphabet.indexOf(presented.at(-1) ?? '');
    return presented.slice(0, -1) + alphabet[last ^ 1];
  }
  const [header, claims, signature] = [0, 1, 2].map((part) => () => ada.accessToken.split('.')[part] ?? '') as [
    () => string,
    () => string,
    () => string,
  ];

  it.each<[string, () => string]>([
    ['a letter more', () => `${ada.accessToken}x`],
    ['a dot more', () => `${ada.accessToken}.`],
    ['a part more', () => `${ada.accessToken}.${signature()}`],
    ['a dot before', () => `.${ada.accessToken}`],
    ['padding', () => `${ada.accessToken}=`],
    ['itself once more', () => ada.accessToken + ada.accessToken],
    ['a comma and itself once more', () => `${ada.accessToken},${ada.accessToken}`],
    ['a fragment', () => `${ada.accessToken}#`],
    ['five parts', () => `${header()}..${claims()}.${signature()}.${signature()}`],
    ['its last bits otherwise', () => respelled(ada.accessToken)],
    ['a shorter signature', () => ada.accessToken.slice(0, -1)],
    ['others’ claims', () => `${header()}.${encoded({ ...own, sub: bob.id, sid: bobsSession })}.${signature()}`],
    ['others’ signature', () => `${header()}.${claims()}.${bob.accessToken.split('.')[2]}`],
    ['nothing but dots', () => '..'],
    ['as an object', () => JSON.stringify({ protected: header(), payload: claims(), signature: signature() })],
    ['7 KB of claims', () => token({ ...own, more: 'x'.repeat(5_000) }, HEADER, evil)],
    ['15 KB of one letter', () => 'x'.repeat(15_000)],
    ['15 KB of dots', () => '.'.repeat(15_000)],
    ['90 KB of claims', () => token({ ...own, more: 'x'.repeat(67_000) }, HEADER, evil)],
    ['the refresh token', () => ada.refreshToken],
  ])('is refused with a token that has %s', async (_, make) => {
    expect(await doors(make())).toEqual(everywhere('UNAUTHORIZED'));
  });

  it.each<[string, () => Record<string, string | string[]>]>([
    ['two tokens, the right one first', () => ({ authorization: `Bearer ${ada.accessToken} ${bob.accessToken}` })],
    ['two tokens by comma', () => ({ authorization: `Bearer ${ada.accessToken}, Bearer ${bob.accessToken}` })],
    ['garbage after the token', () => ({ authorization: `Bearer ${ada.accessToken} garbage` })],
    ['garbage before the scheme', () => ({ authorization: `garbage Bearer ${ada.accessToken}` })],
    ['two headers, the wrong one first', () => ({ authorization: ['Bearer x', `Bearer ${ada.accessToken}`] })],
    ['two schemes', () => ({ authorization: `Bearer Bearer ${ada.accessToken}` })],
    ['another scheme', () => ({ authorization: `Basic ${ada.accessToken}` })],
    ['no scheme', () => ({ authorization: ada.accessToken })],
    ['only a scheme', () => ({ authorization: 'Bearer' })],
    ['another header', () => ({ 'x-access-token': ada.accessToken, token: ada.accessToken })],
    ['another’s word', () => ({ 'x-user-id': ada.id, 'x-forwarded-user': ada.id, 'x-original-url': '/health/live' })],
  ])('is refused over HTTP with %s', async (_, headers) => {
    const { status, body } = await plainRequest(story.url, '/users/me', headers());
    expect([status, body]).toEqual([401, problem(401, 'UNAUTHORIZED')]);
  });

  it('is refused with a right token in a body, a query or a path', async () => {
    for (const name of ['token', 'accessToken', 'access_token', 'authorization', 'auth_token', 'jwt']) {
      const posted = await request(story.url, 'POST', '/conversations', { userId: bob.id, [name]: ada.accessToken });
      const asked = await request(story.url, 'GET', `/users/me?${name}=${ada.accessToken}`);
      expect([name, posted.status, asked.status]).toEqual([name, 401, 401]);
      expect([posted.body, asked.body]).toEqual([problem(401, 'UNAUTHORIZED'), problem(401, 'UNAUTHORIZED')]);
    }
    expect((await request(story.url, 'GET', `/users/me;token=${ada.accessToken}`)).status).toBe(401);
    expect((await ada.must('GET', '/conversations')).items).toEqual([]);
  });

  it.each<[string, () => [Record<string, unknown>, Record<string, unknown>]]>([
    ['a wrong token before the right one', () => [{ token: 'x' }, { query: { token: ada.accessToken } }]],
    ['an empty token before the right one', () => [{ token: '' }, { query: { token: ada.accessToken } }]],
    ['a list of tokens', () => [{ token: [ada.accessToken] }, {}]],
    ['a token in an object', () => [{ token: { token: ada.accessToken } }, {}]],
    ['an object that is turned into the token', () => [{ token: { toString: ada.accessToken } }, {}]],
    ['two schemes', () => [{ token: `Bearer Bearer ${ada.accessToken}` }, {}]],
    ['garbage after the token', () => [{ token: `${ada.accessToken} garbage` }, {}]],
    ['NUL after the token', () => [{ token: `${ada.accessToken}\0` }, {}]],
    ['a line after the token', () => [{ token: `${ada.accessToken}\n` }, {}]],
    ['a user in place of a token', () => [{ userId: ada.id, principal: { userId: ada.id }, sid: own.sid }, {}]],
    ['a session to be recovered', () => [{ pid: own.sid, offset: own.sid }, {}]],
    ['the token under another name', () => [{ accessToken: ada.accessToken, jwt: ada.accessToken }, {}]],
    ['the token in another header', () => [{}, { extraHeaders: { 'x-access-token': ada.accessToken } }]],
    ['two tokens in one header', () => [{}, { extraHeaders: { authorization: `Bearer x ${ada.accessToken}` } }]],
  ])('is refused at the handshake with %s', async (_, make) => {
    const [auth, options] = make();
    const device = new Device(story.url, auth, options);
    expect(await device.next('connect_error')).toEqual({ code: 'UNAUTHORIZED' });
    expect(device.all('session:ready')).toEqual([]);
    device.socket.close();
  });

  it('is no other user by what it adds to a right token', async () => {
    const device = new Device(story.url, {
      token: ada.accessToken,
      userId: bob.id,
      principal: { userId: bob.id, sessionId: bobsSession },
      __proto__: { userId: bob.id },
    });
    expect((await device.next('session:ready')).userId).toBe(ada.id);
    device.socket.close();
  });

  describe('over long polling, frame by frame', () => {
    const polling = (): string => `${story.url}/socket.io/?EIO=4&transport=polling`;
    async function opened(): Promise<string> {
      const text = await (await fetch(polling())).text();
      return `${polling()}&sid=${JSON.parse(text.slice(1)).sid}`;
    }
    const post = (url: string, body: string): Promise<Response> => fetch(url, { method: 'POST', body });

    it('a connection says nothing before it is let in, and commands before that end it', async () => {
      const url = await opened();
      await post(url, `42["send_message",{"receiverId":"${bob.id}","content":"before I am anybody"}]`);
      const answer = await fetch(url);
      expect(await answer.text()).not.toMatch(/ok|session|message/);
      expect((await ada.must('GET', '/conversations')).items).toEqual([]);
    });

    it.each<[string, () => string]>([
      ['no token', () => '40'],
      ['an empty object', () => '40{}'],
      ['a wrong token', () => '40{"token":"x"}'],
      ['a token of null', () => '40{"token":null}'],
      ['__proto__', () => `40{"__proto__":{"token":"${ada.accessToken}"}}`],
      ['constructor', () => `40{"constructor":{"prototype":{"token":"${ada.accessToken}"}}}`],
      ['a list', () => `40["${ada.accessToken}"]`],
    ])('is refused with %s', async (_, frame) => {
      const url = await opened();
      await post(url, frame());
      const text = await (await fetch(url)).text();
      expect(text).not.toContain('"sid"');
      expect(({} as Record<string, unknown>).token).toBeUndefined();
      if (text.startsWith('44')) {
        expect(JSON.parse(text.slice(2))).toEqual({ message: expect.any(String), data: { code: 'UNAUTHORIZED' } });
      } else expect(text).toMatch(/^(6\x1e)?1$/);
    });

    it('is refused with a list of tokens in the query', async () => {
      for (const query of [`token[]=${ada.accessToken}`, `token=${ada.accessToken},x`]) {
        const { sid } = JSON.parse((await (await fetch(`${polling()}&${query}`)).text()).slice(1));
        await post(`${polling()}&sid=${sid}`, '40');
        const text = await (await fetch(`${polling()}&sid=${sid}`)).text();
        expect([query, text.slice(0, 2), JSON.parse(text.slice(2)).data]).toEqual([
          query,
          '44',
          { code: 'UNAUTHORIZED' },
        ]);
      }
    });

    it.each(['/admin', '/users', '/__proto__', '/constructor', '/toString'])(
      'the namespace %s does not exist, whoever asks',
      async (namespace) => {
        const url = await opened();
        await post(url, `40${namespace},{"token":"${ada.accessToken}"}`);
        expect(await (await fetch(url)).text()).toBe(`44${namespace},{"message":"Invalid namespace"}`);
      },
    );

    it('somebody else’s connection cannot be guessed or taken over by one that is not', async () => {
      for (const sid of ['', 'x', '__proto__', 'constructor', adas.socket.id ?? '', own.sid, '../../..', '%00']) {
        const answer = await fetch(`${polling()}&sid=${sid}`);
        const text = await answer.text();
        if (sid === '') expect(text).toMatch(/^0\{"sid"|"code":1/);
        else expect([sid, answer.status, JSON.parse(text).code]).toEqual([sid, 400, 1]);
      }
    });
  });

  describe('over a bare WebSocket', () => {
    /** Sends these texts each as a frame, and answers what comes back until `isEnough` or the server ends it. */
    async function exchanged(path: string, texts: string[], isEnough: (received: string) => boolean): Promise<string> {
      const line = connect({ port: Number(new URL(story.url).port), host: '127.0.0.1' });
      let received = '';
      let isOver = false;
      line.setEncoding('latin1');
      line.on('data', (chunk: string) => (received += chunk));
      line.on('error', () => undefined);
      line.on('close', () => (isOver = true));
      line.write(
        `GET ${path} HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n` +
          'Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 13\r\n\r\n',
      );
      await until('the server has opened it', () => isOver || received.includes('"sid"'));
      for (const text of texts) line.write(frameOf(text));
      await until('the server has said enough', () => isOver || isEnough(received));
      line.destroy();
      return received;
    }

    /** A text in a frame of its own, under a mask of zeros. */
    function frameOf(text: string): Buffer {
      const payload = Buffer.from(text);
      const length =
        payload.length < 126 ? [0x80 | payload.length] : [0x80 | 126, payload.length >> 8, payload.length & 0xff];
      return Buffer.concat([Buffer.from([0x81, ...length, 0, 0, 0, 0]), payload]);
    }

    const PATH = '/socket.io/?EIO=4&transport=websocket';
    const hasAnswered = (received: string): boolean => /4[0-4]\{/.test(received);

    it('is let in with the right token, said to it frame by frame', async () => {
      const frames = [`40{"token":"${ada.accessToken}"}`];
      expect(await exchanged(PATH, frames, (received) => received.includes('session:ready'))).toContain(ada.id);
    });

    it.each<[string, () => string[]]>([
      ['no token', () => ['40']],
      ['a token without signature', () => [`40{"token":"${token(own, { alg: 'none' }, () => '')}"}`]],
      ['a wrong token, then commands', () => ['40{"token":"x"}', '420["leave_conversation","x"]']],
      ['a token of a list', () => [`40{"token":["${ada.accessToken}"]}`]],
      ['__proto__', () => [`40{"__proto__":{"token":"${ada.accessToken}"}}`]],
    ])('is refused with %s', async (_, frames) => {
      const received = await exchanged(PATH, frames(), hasAnswered);
      expect(received).toContain('"data":{"code":"UNAUTHORIZED"}');
      expect(received).not.toMatch(/40\{|session:ready|"ok"/);
    });

    it('is cut off when it commands before it is let in', async () => {
      const content = 'before I am anybody';
      const frames = [`420["send_message",{"receiverId":"${bob.id}","content":"${content}"}]`];
      // The server's closing frame: a client that does not close in return is cut off later.
      const isClosing = (received: string): boolean => hasAnswered(received) || received.includes('\x88');
      expect(await exchanged(PATH, frames, isClosing)).not.toMatch(/4[0-4]\d*[[{]|session:ready/);
      expect((await ada.must('GET', '/conversations')).items).toEqual([]);
    });
  });

  it('leaves Ada as she was', async () => {
    expect(adas.all('disconnect')).toEqual([]);
    expect((await ada.must('GET', '/users/me')).id).toBe(ada.id);
  });
});

describe('an attacker who sends more fields than there are', () => {
  let story: Story;
  let [ada, bob, eve]: [Person, Person, Person] = [] as never;
  let group: string;
  beforeAll(async () => {
    story = await startStory({ rateLimits: false });
    [ada, bob, eve] = await Promise.all([story.person('ada'), story.person('bob'), story.person('eve')]);
    group = await ada.group('Crew', eve);
  });
  afterAll(() => story.close());

  const rows = (sql: string, ...parameters: string[]): Promise<Anything[]> =>
    story.app.get(Database).query(sql, parameters);

  const FIELDS: [string, unknown][] = [
    ['id', NOBODY],
    ['role', 'ADMIN'],
    ['roles', ['ADMIN']],
    ['isAdmin', true],
    ['createdAt', '1999-01-01T00:00:00.000Z'],
    ['created_at', '1999-01-01T00:00:00.000Z'],
    ['updatedAt', '1999-01-01T00:00:00.000Z'],
    ['deletedAt', null],
    ['passwordHash', '$argon2id$v=19$m=19456,t=2,p=1$AAAA$AAAA'],
    ['password_hash', 'x'],
    ['emailVerifiedAt', '1999-01-01T00:00:00.000Z'],
    ['emailVerified', true],
    ['isOnline', true],
    ['sessions', { create: {} }],
  ];

  const refused = ({ status, body }: Answer<Anything>, field: string): void => {
    expect([field, status, body]).toEqual([field, 400, problem(400, 'VALIDATION_FAILED', [field])]);
  };

  it.each(FIELDS)('makes no account with %s', async (field, value) => {
    const username = `mallory_${randomUUID().slice(0, 8)}`;
    const email = `${username}@example.com`;
    refused(
      await request(story.url, 'POST', '/auth/register', { email, username, password: PASSWORD, [field]: value }),
      field,
    );
    expect(await rows('SELECT 1 FROM users WHERE email = $1', email)).toEqual([]);
  });

  it.each([...FIELDS, ['email', 'mine@example.com'], ['password', 'something else']] as [string, unknown][])(
    'changes nothing of its profile with %s',
    async (field, value) => {
      const before = await rows('SELECT * FROM users WHERE id = $1', eve.id);
      refused(await eve.call('PATCH', '/users/me', { [field]: value }), field);
      refused(await eve.call('PATCH', '/users/me', { displayName: 'Owned', [field]: value }), field);
      expect(await rows('SELECT * FROM users WHERE id = $1', eve.id)).toEqual(before);
    },
  );

  it.each([
    ...FIELDS,
    ['lastSeq', 1_000],
    ['ownerId', NOBODY],
    ['members', [{ userId: NOBODY, role: 'OWNER' }]],
    ['directKey', 'x'],
    ['me', { role: 'OWNER' }],
  ] as [string, unknown][])('makes and changes no conversation with %s', async (field, value) => {
    const before = [await eve.must('GET', '/conversations'), await bob.must('GET', '/conversations')];
    refused(await eve.call('POST', '/conversations', { userId: bob.id, [field]: value }), field);
    refused(
      await eve.call('POST', '/conversations', { type: 'GROUP', title: 'x', memberIds: [bob.id], [field]: value }),
      field,
    );
    refused(await ada.call('PATCH', `/conversations/${group}`, { title: 'Owned', [field]: value }), field);
    expect([await eve.must('GET', '/conversations'), await bob.must('GET', '/conversations')]).toEqual(before);
  });

  // The libraries take these for an object's own; the contract (section 1) refuses what it does not name all the same.
  it.each<[string, unknown]>([
    ['constructor', { prototype: { isAdmin: true } }],
    ['prototype', { isAdmin: true }],
    ['toString', 'x'],
    ['valueOf', null],
    ['hasOwnProperty', 1],
    ['then', 'x'],
    ['__defineGetter__', 'x'],
  ])('is refused %s as any unknown field', async (field, value) => {
    const username = `mallory_${randomUUID().slice(0, 8)}`;
    const account = { email: `${username}@example.com`, username, password: PASSWORD, [field]: value };
    const answers = await Promise.all([
      request(story.url, 'POST', '/auth/register', account),
      eve.call('PATCH', '/users/me', { displayName: 'Owned', [field]: value }),
      eve.call('POST', `/conversations/${group}/messages`, { content: 'x', [field]: value }),
      eve.call('PATCH', `/conversations/${group}/me`, { pinned: true, [field]: value }),
    ]);
    expect(answers.map(({ status, body }) => [status, body])).toEqual(
      answers.map(() => [400, problem(400, 'VALIDATION_FAILED', [field])]),
    );
    expect(({} as Record<string, unknown>).isAdmin).toBeUndefined();
  });

  it.each(['constructor', 'prototype', 'toString', 'hasOwnProperty'])(
    'is refused %s as any unknown field over a socket',
    async (field) => {
      const eves = await eve.device();
      for (const [event, payload] of [
        ['send_message', { conversationId: group, content: 'x' }],
        ['mark_read', { conversationId: group, seq: 1 }],
        ['typing', { conversationId: group, isTyping: false }],
      ] as const) {
        const answer = await eves.ask(event, { ...payload, [field]: { isAdmin: true } });
        expect([event, answer]).toEqual([event, refusal('VALIDATION_FAILED', [field])]);
      }
      eves.socket.close();
    },
  );

  it('takes no role, neither by its own settings nor by those of members', async () => {
    const before = await eve.must('GET', `/conversations/${group}`);
    for (const [field, value] of [
      ['role', 'OWNER'],
      ['userId', ada.id],
      ['lastReadSeq', 99],
      ['leftAt', null],
      ['joinedSeq', 0],
      ...FIELDS,
    ] as [string, unknown][]) {
      if (field === 'role' && value === 'ADMIN') continue;
      refused(await eve.call('PATCH', `/conversations/${group}/me`, { pinned: true, [field]: value }), field);
    }
    const itself = await eve.call('PATCH', `/conversations/${group}/members/${eve.id}`, { role: 'OWNER' });
    expect([itself.status, itself.body]).toEqual([403, problem(403, 'FORBIDDEN')]);
    const more = { role: 'ADMIN', userId: eve.id };
    refused(await ada.call('PATCH', `/conversations/${group}/members/${eve.id}`, more), 'userId');
    expect(await eve.must('GET', `/conversations/${group}`)).toEqual(before);
  });

  it('writes no message but its own, as it is', async () => {
    const before = await ada.history(group);
    for (const [field, value] of [
      ['senderId', ada.id],
      ['seq', 1],
      ['version', 9],
      ['kind', 'SYSTEM'],
      ['conversationId', NOBODY],
      ['createdAt', '1999-01-01T00:00:00.000Z'],
      ['editedAt', null],
      ['deletedAt', null],
      ['reactions', [{ emoji: 'x', count: 99, mine: true }]],
      ['id', NOBODY],
    ] as [string, unknown][]) {
      refused(await eve.call('POST', `/conversations/${group}/messages`, { content: 'x', [field]: value }), field);
    }
    expect(await ada.history(group)).toEqual(before);
  });

  it('asks and reads for nobody else', async () => {
    for (const [field, value] of [
      ['senderId', ada.id],
      ['status', 'ACCEPTED'],
      ['receiverId', ada.id],
    ]) {
      refused(
        await eve.call('POST', '/friends/requests', { userId: bob.id, [field as string]: value }),
        field as string,
      );
    }
    refused(await eve.call('POST', '/blocks', { userId: bob.id, blockerId: ada.id }), 'blockerId');
    refused(await eve.call('POST', `/conversations/${group}/read`, { seq: 1, userId: ada.id }), 'userId');
    expect((await bob.must('GET', '/friends/requests?direction=incoming')).items).toEqual([]);
    expect((await eve.must('GET', '/blocks')).items).toEqual([]);
  });
});

describe('an attacker who guesses', () => {
  let story: Story;
  beforeAll(async () => {
    story = await startStory();
  });
  afterAll(() => story.close());
  afterEach(() => {
    story.app.get(Clock).now = Clock.prototype.now;
  });

  /** Stops the server's clock; what it answers sets it forward by so many milliseconds. */
  function stoppedClock(of: Story = story): (milliseconds: number) => void {
    const clock = of.app.get(Clock);
    let time = Date.now();
    clock.now = () => time;
    return (milliseconds) => {
      time += milliseconds;
    };
  }

  const login = (
    body: object,
    headers: Record<string, string> = {},
    url = story.url,
  ): Promise<{ status: number; headers: Headers; body: Anything }> => post(url, '/auth/login', body, headers);
  async function post(
    url: string,
    path: string,
    body: object,
    headers: Record<string, string>,
  ): Promise<{ status: number; headers: Headers; body: Anything }> {
    const response = await fetch(url + path, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: JSON.stringify(body),
    });
    return { status: response.status, headers: response.headers, body: await response.json() };
  }
  const SPOOFED: Record<string, string>[] = [
    { 'x-forwarded-for': '203.0.113.9' },
    { 'x-forwarded-for': '203.0.113.10, 127.0.0.1' },
    { forwarded: 'for=203.0.113.11' },
    { 'x-real-ip': '203.0.113.12' },
    { 'true-client-ip': '203.0.113.13', 'cf-connecting-ip': '203.0.113.14', 'x-client-ip': '203.0.113.15' },
  ];

  /** A refusal for now, that says for how long. */
  function expectLimited({ status, headers, body }: { status: number; headers: Headers; body: Anything }): number {
    expect([status, body]).toEqual([429, problem(429, 'RATE_LIMITED')]);
    expect(headers.get('retry-after')).toMatch(/^[1-9]\d*$/);
    return Number(headers.get('retry-after'));
  }

  it('is limited by the account; the account’s owner is in again once the limit has refilled', async () => {
    const [victim, other] = await Promise.all([story.person('victim'), story.person('other')]);
    const advance = stoppedClock();
    const { burst, points, perSeconds } = LIMITS.loginByAccount;
    const guesses = await Promise.all(
      Array.from({ length: burst * 2 }, (_, guess) => login({ email: victim.email, password: `guess ${guess}` })),
    );
    expect(guesses.filter(({ status }) => status === 401)).toHaveLength(burst);
    const refused = guesses.filter(({ status }) => status !== 401);
    expect(refused).toHaveLength(burst);
    for (const answer of refused) expectLimited(answer);

    // However the account is spelled, whatever is said of the address, and though the password be right.
    for (const email of [victim.email, victim.email.toUpperCase(), `  ${victim.email}\t`]) {
      expectLimited(await login({ email, password: PASSWORD }));
    }
    for (const headers of SPOOFED) expectLimited(await login({ email: victim.email, password: 'guess' }, headers));
    // Nobody else is, nor what the victim has open already.
    expect((await login({ email: other.email, password: PASSWORD })).status).toBe(200);
    expect((await victim.call('GET', '/users/me')).status).toBe(200);
    expect((await request(story.url, 'POST', '/auth/refresh', { refreshToken: victim.refreshToken })).status).toBe(200);

    // Being refused takes nothing, so the wait is what was said, and no longer.
    const seconds = expectLimited(await login({ email: victim.email, password: PASSWORD }));
    expect(seconds).toBe(Math.ceil(perSeconds / points));
    advance(seconds * 1_000);
    expect((await login({ email: victim.email, password: PASSWORD })).status).toBe(200);
    // A right password is no guess: it costs nothing.
    expect((await login({ email: victim.email, password: PASSWORD })).status).toBe(200);
    expect((await login({ email: victim.email, password: 'guess' })).status).toBe(401);
    expectLimited(await login({ email: victim.email, password: PASSWORD }));
  });

  it('learns nothing from the limit: an account that does not exist has the same', async () => {
    stoppedClock();
    const email = `nobody_${randomUUID()}@example.com`;
    const statuses: number[] = [];
    for (let guess = 0; guess <= LIMITS.loginByAccount.burst; guess += 1) {
      statuses.push((await login({ email, password: 'guess' })).status);
    }
    expect(statuses).toEqual([...Array.from({ length: LIMITS.loginByAccount.burst }, () => 401), 429]);
  });

  it('is refused every refresh token, and limited by its own address whatever it says that this is', async () => {
    const person = await story.person('refreshing');
    const advance = stoppedClock();
    const guess = (url: string, headers: Record<string, string> = {}): ReturnType<typeof post> =>
      post(url, '/auth/refresh', { refreshToken: randomBytes(32).toString('base64url') }, headers);
    const { burst } = LIMITS.refresh;
    for (let sent = 0; sent < burst; sent += 50) {
      const answers = await Promise.all(
        Array.from({ length: 50 }, (_, index) => guess(story.url, SPOOFED[index % SPOOFED.length])),
      );
      for (const { status, body } of answers)
        expect([status, body]).toEqual([401, problem(401, 'REFRESH_TOKEN_INVALID')]);
    }
    for (const headers of SPOOFED) expectLimited(await guess(story.url, headers));
    advance(expectLimited(await guess(story.url)) * 1_000);
    const refreshed = await post(story.url, '/auth/refresh', { refreshToken: person.refreshToken }, {});
    expect(refreshed.status).toBe(200);
  });

  it.each<[string, (person: Person) => string]>([
    ['nothing', () => ''],
    ['the access token', ({ accessToken }) => accessToken],
    ['the session’s id', ({ accessToken }) => claimsOf(accessToken).sid],
    ['the token in another case', ({ refreshToken }) => swapCase(refreshToken)],
    ['the token and more', ({ refreshToken }) => `${refreshToken}=`],
    ['the token and a blank', ({ refreshToken }) => ` ${refreshToken} `],
    ['its beginning', ({ refreshToken }) => refreshToken.slice(0, -1)],
    ['a wildcard', () => '%'],
    ['SQL', () => "' OR '1'='1"],
    ['NUL', ({ refreshToken }) => `${refreshToken}\0`],
  ])('gets no tokens for %s', async (_, make) => {
    const person = await story.person('refreshing');
    const clock = story.app.get(Clock);
    // The test before has spent the address's limit.
    clock.now = () => Date.now() + 3_600_000;
    const { status, body } = await post(story.url, '/auth/refresh', { refreshToken: make(person) }, {});
    expect([400, 401]).toContain(status);
    expect(body).toEqual(
      status === 401 ? problem(401, 'REFRESH_TOKEN_INVALID') : problem(400, 'VALIDATION_FAILED', ['refreshToken']),
    );
    expect((await post(story.url, '/auth/refresh', { refreshToken: person.refreshToken }, {})).status).toBe(200);
  });

  it.each<[string, unknown]>([
    ['a list', ['x']],
    ['an object', { $gt: '' }],
    ['a number', 0],
    ['true', true],
    ['null', null],
  ])('gets nothing with %s for a token or a password', async (_, value) => {
    const person = await story.person('typed');
    for (const [path, body] of [
      ['/auth/refresh', { refreshToken: value }],
      ['/auth/login', { email: person.email, password: value }],
      ['/auth/login', { username: value, password: PASSWORD }],
      ['/auth/login', { email: value, username: value, password: PASSWORD }],
    ] as const) {
      const { status, body: answer } = await post(story.url, path, body, {});
      expect([path, status, answer]).toEqual([
        path,
        400,
        problem(400, 'VALIDATION_FAILED', Object.keys(answer.errors ?? {})),
      ]);
    }
  });

  describe('behind a proxy that is trusted', () => {
    let proxied: Story;
    beforeAll(async () => {
      proxied = await startStory({ trustedProxies: 1 });
    });
    afterAll(() => proxied.close());

    it('is counted by the address that the last hop saw, whatever it put before', async () => {
      stoppedClock(proxied);
      const from = (address: string): Promise<{ status: number; headers: Headers; body: Anything }> =>
        post(proxied.url, '/auth/refresh', { refreshToken: randomUUID() }, { 'x-forwarded-for': address });
      for (let sent = 0; sent < LIMITS.refresh.burst; sent += 50) {
        const answers = await Promise.all(
          Array.from({ length: 50 }, (_, index) => from(`203.0.113.${(sent + index) % 250}, 198.51.100.7`)),
        );
        for (const { status } of answers) expect(status).toBe(401);
      }
      for (const address of ['198.51.100.7', '203.0.113.1, 198.51.100.7', '198.51.100.8, ::ffff:198.51.100.7']) {
        expectLimited(await from(address));
      }
      for (const address of ['198.51.100.8', '198.51.100.7, 198.51.100.8']) {
        expect([address, (await from(address)).status]).toEqual([address, 401]);
      }
    });

    it.each([
      ['garbage', 'garbage'],
      ['nothing', ''],
      ['nothing but commas', ' , ,'],
      ['markup', '<script>'],
      ['SQL', "'; DROP TABLE sessions; --"],
      ['numbers too large', '999.1.1.1'],
      ['zeros', '::'],
      ['colons', ':::::'],
      ['nine thousand letters', 'x'.repeat(9_000)],
    ])('breaks nothing with an address of %s', async (_, address) => {
      const person = await proxied.person('proxied');
      const body = { email: person.email, password: PASSWORD };
      expect((await login(body, { 'x-forwarded-for': address }, proxied.url)).status).toBe(200);
    });
  });
});

function swapCase(text: string): string {
  return Array.from(text, (letter) =>
    letter === letter.toLowerCase() ? letter.toUpperCase() : letter.toLowerCase(),
  ).join('');
}

describe('an attacker who asks who is there', () => {
  let story: Story;
  let person: Person;
  beforeAll(async () => {
    story = await startStory({ rateLimits: false });
    person = await story.person('somebody');
  });
  afterAll(() => story.close());

  const unknown = (): string => `nobody_${randomUUID().slice(0, 8)}`;
  const attempt = (body: object): Promise<Answer<Anything>> =>
    request(story.url, 'POST', '/auth/login', { password: 'wrong horse', ...body });

  it('is answered the same for a user that is not and for a wrong password', async () => {
    const answers = await Promise.all([
      attempt({ email: person.email }),
      attempt({ email: `${unknown()}@example.com` }),
      attempt({ username: person.username }),
      attempt({ username: unknown() }),
      attempt({ username: person.email }),
      attempt({ username: "x' OR '1'='1" }),
    ]);
    const comparable = answers.map(({ status, headers, body: { requestId, ...body } }) => {
      expect(requestId).toBe(headers.get('x-request-id'));
      const names = [...headers.entries()]
        .filter(([name]) => !['date', 'etag', 'x-request-id', 'content-length'].includes(name))
        .sort();
      return { status, body, names };
    });
    const [first] = comparable;
    expect(first).toMatchObject({ status: 401, body: { code: 'INVALID_CREDENTIALS' } });
    for (const answer of comparable) expect(answer).toEqual(first);
  });

  it('learns nothing from the time that takes', async () => {
    const times: Record<'known' | 'unknown', number[]> = { known: [], unknown: [] };
    const timed = async (kind: 'known' | 'unknown', body: object): Promise<void> => {
      const start = performance.now();
      await attempt(body);
      times[kind].push(performance.now() - start);
    };
    await timed('known', { email: person.email });
    await timed('unknown', { email: `${unknown()}@example.com` });
    times.known.length = times.unknown.length = 0;
    for (let round = 0; round < 15; round += 1) {
      await timed('known', { email: person.email });
      await timed('unknown', { email: `${unknown()}@example.com` });
    }
    const median = (values: number[]): number => values.sort((left, right) => left - right)[7] ?? Number.NaN;
    const ratio = median(times.known) / median(times.unknown);
    expect(ratio).toBeGreaterThan(0.5);
    expect(ratio).toBeLessThan(2);
  });
});
