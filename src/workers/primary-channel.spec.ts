import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import cluster from 'node:cluster';
import { PrimaryChannel } from './primary-channel.js';

describe('the channel to the first process', () => {
  const { isWorker } = cluster;

  beforeEach(() => {
    Object.assign(cluster, { isWorker: true });
  });
  afterEach(() => {
    Object.assign(cluster, { isWorker });
  });

  it('is none where another program than ours forked this process as a worker', () => {
    expect(PrimaryChannel.ofThisProcess()).toBeUndefined();
  });
});
