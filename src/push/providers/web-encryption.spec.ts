import { describe, expect, it } from '@jest/globals';
import { createECDH } from 'node:crypto';
import { decrypted } from '../../../test/support/push/fake-web-push.js';
import { encrypted } from './web-encryption.js';

/** RFC 8291, section 5 and appendix A. */
const EXAMPLE = {
  plaintext: 'When I grow up, I want to be a watermelon',
  receiver: 'q1dXpw3UpT5VOmu_cf_v6ih07Aems3njxI-JWgLcM94',
  p256dh: 'BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4',
  auth: 'BTBZMqHH6r4Tts7J_aSIgg',
  sender: 'yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw',
  salt: 'DGv6ra1nlYgDCS1FRnbzlw',
  message:
    'DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A_yl95bQpu6cVPTpK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4a-fN',
};
const bytes = (text: string): Buffer => Buffer.from(text, 'base64url');

describe('the encryption of Web Push', () => {
  it('is that of the example in RFC 8291, byte for byte', () => {
    const made = encrypted(Buffer.from(EXAMPLE.plaintext), EXAMPLE, {
      salt: bytes(EXAMPLE.salt),
      privateKey: bytes(EXAMPLE.sender),
    });
    expect(made.toString('base64url')).toBe(EXAMPLE.message);
  });

  it('is read by the receiver alone, who takes the example as well', () => {
    const curve = createECDH('prime256v1');
    curve.setPrivateKey(bytes(EXAMPLE.receiver));
    const browser = { curve, secret: bytes(EXAMPLE.auth) };
    expect(decrypted(bytes(EXAMPLE.message), browser).toString()).toBe(EXAMPLE.plaintext);
    const keys = { p256dh: curve.getPublicKey('base64url'), auth: EXAMPLE.auth };
    const [one, other] = [encrypted(Buffer.from('hello'), keys), encrypted(Buffer.from('hello'), keys)];
    expect(one.equals(other)).toBe(false);
    expect(decrypted(one, browser).toString()).toBe('hello');
    const stranger = createECDH('prime256v1');
    stranger.generateKeys();
    expect(() => decrypted(one, { curve: stranger, secret: bytes(EXAMPLE.auth) })).toThrow(/authenticate/);
  });
});
