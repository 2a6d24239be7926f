import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createSign, generateKeyPairSync } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { type Anything, Device, type Person, request, startStory, type Story, until } from '../../support/story.js';
import { claimsOf, encoded, HEADER, hmac, now, plainRequest, SECRET, type Signature, token } from './forged-tokens.js';
import { problem } from './shapes.js';

const NOBODY = '0197a6b2-8f1e-7c3a-9d52-1b6f0c8e4a11';
const PASSWORD = 'correct horse';

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

  it.each([1, 0, -1, -1e300, () => now() - 1])('is answered that it came too late with the end %p', async (exp) => {
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
    const sessions: string[] = [];
    async function opened(query = ''): Promise<string> {
      const text = await (await fetch(`${polling()}${query}`)).text();
      const session = `${polling()}&sid=${JSON.parse(text.slice(1)).sid}`;
      sessions.push(session);
      return session;
    }
    const post = (url: string, body: string): Promise<Response> => fetch(url, { method: 'POST', body });
    // A session that its client or the server closed waits half a minute for one more poll, and keeps the process alive so long.
    afterAll(() =>
      Promise.all(
        sessions.map(async (session) => {
          const poll = fetch(session, { signal: AbortSignal.timeout(5_000) }).catch(() => undefined);
          await post(session, '1');
          await poll;
        }),
      ),
    );

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
        const session = await opened(`&${query}`);
        await post(session, '40');
        const text = await (await fetch(session)).text();
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
        const given = /^0\{"sid":"([^"]+)"/.exec(text)?.[1];
        if (given !== undefined) sessions.push(`${polling()}&sid=${given}`);
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
