import { createSocket, type RemoteInfo } from 'node:dgram';
import { lookup, type LookupAddress, promises } from 'node:dns';
import { once } from 'node:events';
import { promisify } from 'node:util';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { lookupPublic } from './public-lookup.js';

const [A, AAAA] = [1, 28];
/** What the name server knows: addresses of version 4, as bytes. */
const NAMES: Record<string, number[][]> = {
  'public.example': [[93, 184, 216, 34]],
  'inside.example': [
    [93, 184, 216, 34],
    [10, 0, 0, 5],
  ],
};

const found = (name: string): Promise<LookupAddress[]> =>
  new Promise((resolve, reject) =>
    lookupPublic(name, { all: true }, (error, addresses) =>
      error === null ? resolve(addresses as LookupAddress[]) : reject(error),
    ),
  );

describe('looking up a name that a user chose', () => {
  const server = createSocket('udp4');
  /** What ends each wait for a name that it does not answer. */
  let unanswered: (() => void)[] = [];

  const answer = (query: Buffer, from: RemoteInfo, addresses: readonly number[][] | undefined): void => {
    const question = query.subarray(12, query.indexOf(0, 12) + 5);
    const records = (addresses ?? []).map((ipAddress) =>
      Buffer.from([0xc0, 12, 0, A, 0, 1, 0, 0, 0, 60, 0, ipAddress.length, ...ipAddress]),
    );
    const head = Buffer.from([0x81, addresses === undefined ? 0x83 : 0x80, 0, 1, 0, records.length, 0, 0, 0, 0]);
    server.send(Buffer.concat([query.subarray(0, 2), head, question, ...records]), from.port, from.address);
  };

  beforeAll(async () => {
    server.on('message', (query, from) => {
      const labels: string[] = [];
      let at = 12;
      for (let length = query[at] ?? 0; length > 0; length = query[at] ?? 0) {
        labels.push(query.toString('latin1', at + 1, at + 1 + length));
        at += 1 + length;
      }
      const name = labels.join('.').toLowerCase();
      const type = query.readUInt16BE(at + 1);
      if (name.endsWith('.hangs.example')) unanswered.push(() => answer(query, from, undefined));
      else answer(query, from, type === AAAA && name in NAMES ? [] : NAMES[name]);
    });
    server.bind(0, '127.0.0.1');
    await once(server, 'listening');
  });
  afterAll(() => void server.close());
  beforeEach(() => {
    unanswered = [];
    const { Resolver } = promises;
    jest.spyOn(promises, 'Resolver').mockImplementation((options) => {
      const resolver = new Resolver(options);
      resolver.setServers([`127.0.0.1:${server.address().port}`]);
      return resolver;
    });
  });
  afterEach(() => void jest.restoreAllMocks());

  it('answers its addresses, and none where one of them is not public', async () => {
    expect(await found('public.example')).toEqual([{ address: '93.184.216.34', family: 4 }]);
    await expect(found('inside.example')).rejects.toThrow('not public');
    await expect(found('nowhere.example')).rejects.toThrow('ENOTFOUND');
    for (const name of ['localhost', 'a.localhost', 'LOCALHOST.'])
      await expect(found(name)).rejects.toThrow('not public');
  });

  it('holds up nobody’s look-ups where name servers do not answer', async () => {
    const waiting = Array.from({ length: 20 }, (_, index) => found(`${index}.hangs.example`).catch(() => undefined));
    expect(await found('public.example')).toHaveLength(1);
    // What everything else is looked up by.
    expect(await promisify(lookup)('localhost')).toMatchObject({ family: expect.any(Number) });
    for (const end of unanswered) end();
    expect(await Promise.all(waiting)).toEqual(waiting.map(() => undefined));
  });
});
