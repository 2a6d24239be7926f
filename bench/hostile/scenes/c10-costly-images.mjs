import sharp from 'sharp';

const UPLOADS = 10;
const MAX_PHOTO_SECONDS = 10;

/** Small files that are large pictures: one colour, 49 million pixels, AVIF. */
export const scene = {
  id: 'C10',
  title: `${UPLOADS} AVIF of 7,000 x 7,000 and some kilobytes; another one uploads a photograph`,
  seconds: 15,
  async prepare(stage) {
    const [attacker, other] = await stage.users(2);
    const image = await sharp({ create: { width: 7_000, height: 7_000, channels: 3, background: '#336699' } })
      .avif({ quality: 1, effort: 0 })
      .toBuffer();
    const pixels = Buffer.alloc(4_000 * 3_000 * 3);
    for (let at = 0; at < pixels.length; at += 1) pixels[at] = (at / 977 + 40 * Math.sin(at / 31)) & 255;
    const photo = await sharp(pixels, { raw: { width: 4_000, height: 3_000, channels: 3 } })
      .jpeg({ quality: 90 })
      .toBuffer();
    return { attacker, other, image: image.toString('base64'), photo: photo.toString('base64') };
  },
  async beside({ url }, { other, photo }) {
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    return upload(url, other, Buffer.from(photo, 'base64'), 'photo.jpg');
  },
  async attack({ url, facts: { attacker, image }, got }) {
    const bytes = Buffer.from(image, 'base64');
    got.add('bytes of one', bytes.length);
    await Promise.all(
      Array.from({ length: UPLOADS }, async () => {
        const { code } = await upload(url, attacker, bytes, 'small.avif');
        got.add(code);
      }),
    );
    return {};
  },
  judge: ({ calmFacts, attackFacts }) => [
    {
      what: "another one's photograph",
      value: `${calmFacts.code} in ${calmFacts.seconds.toFixed(1)} s, beside them ${attackFacts.code} in ${attackFacts.seconds.toFixed(1)} s`,
      bar: `201 within ${MAX_PHOTO_SECONDS} s`,
      isHeld: attackFacts.code === '201' && attackFacts.seconds <= MAX_PHOTO_SECONDS,
    },
  ],
};

async function upload(url, { token }, bytes, name) {
  const form = new FormData();
  form.append('file', new Blob([bytes]), name);
  const began = performance.now();
  try {
    const response = await fetch(`${url}/attachments`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}` },
      body: form,
      signal: AbortSignal.timeout(120_000),
    });
    const body = await response.json().catch(() => ({}));
    return { code: `${response.status} ${body.code ?? ''}`.trim(), seconds: (performance.now() - began) / 1_000 };
  } catch (error) {
    return { code: error.name, seconds: (performance.now() - began) / 1_000 };
  }
}
