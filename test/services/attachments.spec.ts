import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { Readable } from 'node:stream';
import type { AttachmentView } from '../../src/views/attachments.view.js';
import type { IncomingBody } from '../../src/attachments/uploads/receiving/incoming-body.js';
import type { Principal } from '../../src/common/access/principal.js';
import { LIMITS } from '../../src/config/limits.js';
import { createServices, refused, type Services } from '../support/services.js';

const MEGABYTE = 1024 * 1024;
const BOUNDARY = 'boundary';

/** A form with these parts, as it comes in. */
function form(...parts: [name: string, fileName: string | undefined, content: string | Buffer][]): IncomingBody {
  const bytes = Buffer.concat([
    ...parts.flatMap(([name, fileName, content]) => [
      Buffer.from(
        `--${BOUNDARY}\r\nContent-Disposition: form-data; name="${name}"${
          fileName === undefined ? '' : `; filename="${fileName}"`
        }\r\n\r\n`,
      ),
      Buffer.from(content),
      Buffer.from('\r\n'),
    ]),
    Buffer.from(`--${BOUNDARY}--\r\n`),
  ]);
  const headers = {
    'content-type': `multipart/form-data; boundary=${BOUNDARY}`,
    'content-length': String(bytes.length),
  };
  return Object.assign(Readable.from([bytes]), { headers, complete: true });
}

describe('the service of attachments', () => {
  let services: Services;
  let [ada, bob]: [Principal, Principal] = [] as never;
  beforeAll(async () => {
    services = await createServices({ UPLOAD_QUOTA_MB: '1' });
  });
  afterAll(() => services?.close());
  beforeEach(async () => {
    [ada, bob] = (await services.people(2)) as [Principal, Principal];
  });

  const upload = (
    principal: Principal,
    content: string | Buffer = 'words',
    name = 'notes.txt',
  ): Promise<AttachmentView> => services.uploads.upload(principal, '192.0.2.1', form(['file', name, content]));
  const states = async (principal: Principal): Promise<string[]> =>
    (
      await services.database.query<{ state: string }>(
        'SELECT state::text FROM attachments WHERE owner_id = $1 ORDER BY id',
        [principal.userId],
      )
    ).map(({ state }) => state);

  it('keeps a file as what its content is, under the name of its sender’s', async () => {
    expect(await upload(ada, 'words', 'movie.mp4')).toMatchObject({ kind: 'FILE', mimeType: 'text/plain', size: 5 });
    expect(await services.attachments.usageOf(ada)).toEqual({ bytes: 5, count: 1, quotaBytes: MEGABYTE });
    expect(await states(ada)).toEqual(['READY']);
  });

  it.each<[string, () => IncomingBody]>([
    ['without a file', () => form()],
    ['with two files', () => form(['file', 'a', 'a'], ['file', 'b', 'b'])],
    ['with another field', () => form(['other', undefined, 'x'], ['file', 'a', 'a'])],
  ])('refuses a form %s, and leaves nothing', async (_, make) => {
    await refused(services.uploads.upload(ada, '192.0.2.1', make()), 'VALIDATION_FAILED');
    expect(await services.attachments.usageOf(ada)).toMatchObject({ bytes: 0, count: 0 });
  });

  it('never keeps more than a user may, however many come at once', async () => {
    const content = Buffer.alloc(300_000, 'x');
    const outcomes = await Promise.allSettled(Array.from({ length: 6 }, () => upload(ada, content)));
    const codes = outcomes.flatMap((outcome) => (outcome.status === 'rejected' ? [outcome.reason.code] : []));
    expect(codes).toEqual(['QUOTA_EXCEEDED', 'QUOTA_EXCEEDED', 'QUOTA_EXCEEDED']);
    expect(await services.attachments.usageOf(ada)).toMatchObject({ bytes: 900_000, count: 3 });
    expect((await services.attachments.usageOf(bob)).count).toBe(0);
  });

  it('announces nothing to a disk of its own, nor what is too large for any kind', async () => {
    await refused(services.presigned.announce(ada, { name: 'a', size: 5 }), 'UPLOADS_NOT_PRESIGNED');
    await refused(services.presigned.announce(ada, { name: 'a', size: 10_000_000_000 }), 'PAYLOAD_TOO_LARGE');
    await refused(services.presigned.announce(ada, { name: 'a', size: 2 * MEGABYTE }), 'QUOTA_EXCEEDED');
  });

  it('names those of a user in the order in which they are asked for, and nobody else’s', async () => {
    const [first, second, others] = [await upload(ada), await upload(ada), await upload(bob)];
    const asked = [second.id, others.id, first.id].map(String);
    const found = await services.attachments.ofOwner(ada.userId, asked);
    expect(found.map(({ id }) => id)).toEqual([second.id, first.id]);
  });

  it('is in one message, of who uploaded it', async () => {
    const id = await services.group(ada, bob);
    const { id: attachmentId } = await upload(ada);
    const send = (principal: Principal): Promise<unknown> =>
      services.sender.send(principal, { conversationId: id, attachmentIds: [String(attachmentId)] });
    await refused(send(bob), 'VALIDATION_FAILED');
    await send(ada);
    await refused(send(ada), 'VALIDATION_FAILED');
  });

  it('is shown to its owner, and once it is in a message to who may read that', async () => {
    const eve = await services.person();
    const id = await services.group(ada, bob);
    const attachmentId = String((await upload(ada)).id);
    const view = (principal: Principal): Promise<AttachmentView> => services.reader.attachment(principal, attachmentId);
    expect(await view(ada)).toMatchObject({ id: attachmentId });
    await refused(view(bob), 'NOT_FOUND');
    await services.sender.send(ada, { conversationId: id, attachmentIds: [attachmentId] });
    expect(await view(bob)).toMatchObject({ id: attachmentId });
    await refused(view(eve), 'NOT_FOUND');
  });

  it('goes with its message, and gives its room back', async () => {
    const id = await services.group(ada, bob);
    const attachmentId = String((await upload(ada)).id);
    const { message } = await services.sender.send(ada, { conversationId: id, attachmentIds: [attachmentId] });
    await services.changes.deleteForEveryone(ada, message.id);
    expect(await services.attachments.usageOf(ada)).toMatchObject({ bytes: 0, count: 0 });
    await refused(services.reader.attachment(ada, attachmentId), 'NOT_FOUND');
  });

  it('is no picture of a user or a group where it is no image', async () => {
    const id = await services.group(ada, bob);
    const avatarId = String((await upload(ada)).id);
    await refused(services.groups.update(ada, id, { avatarId }), 'VALIDATION_FAILED');
  });
});

describe('the service of attachments, with limits', () => {
  let services: Services;
  beforeAll(async () => {
    services = await createServices({ RATE_LIMITS: 'on' });
  });
  afterAll(() => services?.close());

  it('charges what came without being announced also where it is more than is left of the day', async () => {
    const ada = await services.person();
    const unannounced = (principal: Principal, ...parts: Parameters<typeof form>): Promise<AttachmentView> => {
      const body = form(...parts);
      const headers = { 'content-type': body.headers['content-type'] };
      return services.uploads.upload(principal, '192.0.2.1', Object.assign(body, { headers }));
    };
    const { burst } = LIMITS.uploadedMegabytes;
    await services.limiter.consume('uploadedMegabytes', ada.userId, burst - 1);
    await refused(unannounced(ada, ['file', 'notes.txt', Buffer.alloc(2 * MEGABYTE, 'x')]), 'RATE_LIMITED');
    // One that takes no more than was left is refused, too, until what came is paid.
    await refused(unannounced(ada, ['file', 'notes.txt', 'words']), 'RATE_LIMITED');
    // So is one that breaks off after it came.
    const bob = await services.person();
    await services.limiter.consume('uploadedMegabytes', bob.userId, burst - 1);
    const large = Buffer.alloc(2 * MEGABYTE, 'x');
    await refused(unannounced(bob, ['file', 'notes.txt', large], ['unknown', undefined, 'x']), 'VALIDATION_FAILED');
    await expect(async () => services.limiter.consume('uploadedMegabytes', bob.userId, 0)).rejects.toMatchObject({
      code: 'RATE_LIMITED',
    });
  });
});
