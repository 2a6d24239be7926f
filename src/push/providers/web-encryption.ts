import { createCipheriv, createECDH, hkdfSync, randomBytes } from 'node:crypto';

/** One record holds all of it: larger than any body. */
const RECORD_SIZE = 4_096;
const TAG_BYTES = 16;
const LAST_RECORD = 2;

/** What is random in an encryption, so that it can be held against the example of the standard. */
export interface Randomness {
  salt: Buffer;
  privateKey: Buffer;
}

/** Encrypts a body for one browser alone: RFC 8291 (aes128gcm of RFC 8188, one record). */
export function encrypted(body: Buffer, keys: { p256dh: string; auth: string }, random?: Randomness): Buffer {
  const receiver = Buffer.from(keys.p256dh, 'base64url');
  const curve = createECDH('prime256v1');
  if (random === undefined) curve.generateKeys();
  else curve.setPrivateKey(random.privateKey);
  const sender = curve.getPublicKey();
  const salt = random?.salt ?? randomBytes(16);
  const shared = curve.computeSecret(receiver);
  const info = Buffer.concat([Buffer.from('WebPush: info\0'), receiver, sender]);
  const secret = Buffer.from(hkdfSync('sha256', shared, Buffer.from(keys.auth, 'base64url'), info, 32));
  const key = Buffer.from(hkdfSync('sha256', secret, salt, Buffer.from('Content-Encoding: aes128gcm\0'), 16));
  const nonce = Buffer.from(hkdfSync('sha256', secret, salt, Buffer.from('Content-Encoding: nonce\0'), 12));
  const cipher = createCipheriv('aes-128-gcm', key, nonce, { authTagLength: TAG_BYTES });
  const sealed = [cipher.update(body), cipher.update(Buffer.from([LAST_RECORD])), cipher.final(), cipher.getAuthTag()];
  const header = Buffer.alloc(21);
  salt.copy(header);
  header.writeUInt32BE(RECORD_SIZE, 16);
  header.writeUInt8(sender.length, 20);
  return Buffer.concat([header, sender, ...sealed]);
}
