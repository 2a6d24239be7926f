import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { publicPost } from './public-calls.js';

describe('a call without a session', () => {
  afterEach(() => {
    jest.restoreAllMocks();
  });

  it('is refused with the server’s code, and with how long to wait', async () => {
    const problem = { code: 'RATE_LIMITED', detail: 'Too many requests.', retryAfterMs: 180_000 };
    jest.spyOn(globalThis, 'fetch').mockResolvedValue(new Response(JSON.stringify(problem), { status: 429 }));
    await expect(publicPost('/auth/resend-otp', {})).rejects.toMatchObject({
      code: 'RATE_LIMITED',
      status: 429,
      retryAfterMs: 180_000,
    });
  });

  it('fails in the client’s words where the server is not reached, or the answer is not its own', async () => {
    const fetched = jest.spyOn(globalThis, 'fetch').mockRejectedValueOnce(new TypeError('fetch failed'));
    await expect(publicPost('/auth/resend-otp', {})).rejects.toMatchObject({ code: 'NETWORK' });
    fetched.mockResolvedValue(new Response('null', { status: 502 }));
    await expect(publicPost('/auth/resend-otp', {})).rejects.toMatchObject({ code: 'UNEXPECTED_ANSWER', status: 502 });
  });
});
