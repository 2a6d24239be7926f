import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { request, startStory, type Story } from '../../support/story.js';

const BURST = 3;

describe('requests of an IP address that has none left', () => {
  let story: Story;
  beforeAll(async () => {
    const http = { burst: BURST, points: 1, perSeconds: 3_600 };
    story = await startStory({ rateLimits: true }, { LIMITS: JSON.stringify({ http }) });
    for (let count = 0; count < BURST; count += 1) await request(story.url, 'GET', '/nowhere');
    expect((await request(story.url, 'GET', '/nowhere')).status).toBe(429);
  });
  afterAll(() => story.close());

  it.each(['/health/live', '/health/ready', '/health/live/', '/metrics', '/METRICS'])(
    'are answered where they read %s',
    async (path) => {
      expect((await request(story.url, 'GET', path)).status).toBe(200);
    },
  );

  it.each([
    ['POST', '/health/live'],
    ['POST', '/metrics'],
    ['POST', '/health/nothing'],
    ['GET', '/health'],
    ['GET', '/metrics/nothing'],
  ])('are refused where they are %s %s', async (method, path) => {
    expect((await request(story.url, method, path)).status).toBe(429);
  });
});
