import { describe, expect, it } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { Webhook } from 'standardwebhooks';
import { newSigningSecret, signedHeaders } from './signature.js';

describe('the signature of a webhook', () => {
  it('is the one that the reference implementation of Standard Webhooks makes and accepts', () => {
    for (const body of [
      '{}',
      '{"type":"message.created","data":{"content":"Grüße 👋\\u0000 \\"x\\""}}',
      'x'.repeat(100_000),
    ]) {
      const [secret, id, now] = [newSigningSecret(), randomUUID(), Date.now()];
      const headers = signedHeaders([secret], id, body, now);
      const oracle = new Webhook(secret);
      expect(headers['webhook-signature']).toBe(oracle.sign(id, new Date(now), body));
      if (body.startsWith('{')) expect(oracle.verify(body, headers)).toEqual(JSON.parse(body));
      expect(() => oracle.verify(`${body} `, headers)).toThrow('No matching signature');
      expect(() => oracle.verify(body, { ...headers, 'webhook-id': randomUUID() })).toThrow('No matching signature');
      expect(() => oracle.verify(body, signedHeaders([newSigningSecret()], id, body, now))).toThrow(
        'No matching signature',
      );
    }
  });

  it('is there once for each secret, and a receiver that knows any of them accepts it', () => {
    const [secrets, id] = [[newSigningSecret(), newSigningSecret(), newSigningSecret()], randomUUID()];
    const headers = signedHeaders(secrets, id, '{}', Date.now());
    expect(headers['webhook-signature']?.split(' ')).toHaveLength(3);
    for (const secret of secrets) expect(new Webhook(secret).verify('{}', headers)).toEqual({});
    expect(() => new Webhook(newSigningSecret()).verify('{}', headers)).toThrow('No matching signature');
  });

  it('is too old for a receiver after five minutes', () => {
    const [secret, id] = [newSigningSecret(), randomUUID()];
    const headers = signedHeaders([secret], id, '{}', Date.now() - 301_000);
    expect(() => new Webhook(secret).verify('{}', headers)).toThrow(/too old/);
  });
});
