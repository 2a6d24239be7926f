import { EventEmitter } from 'node:events';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import type { Request, Response } from 'express';
import { refuseSlowBodies } from './request-bodies.js';

describe('a body that does not come', () => {
  beforeEach(() => void jest.useFakeTimers());
  afterEach(() => void jest.useRealTimers());

  const begun = (method: string, path: string, headers: Record<string, string>) => {
    const destroy = jest.fn();
    const is = (type: string): boolean => headers['content-type']?.startsWith(type) === true;
    const request = Object.assign(new EventEmitter(), { method, path, headers, is, destroy });
    const next = jest.fn();
    refuseSlowBodies(request as unknown as Request, {} as Response, next);
    expect(next).toHaveBeenCalledWith();
    return { request, destroy };
  };
  const json = { 'content-type': 'application/json', 'content-length': '10' };

  it('ends its request after a minute', () => {
    const { destroy } = begun('POST', '/conversations', json);
    jest.advanceTimersByTime(59_999);
    expect(destroy).not.toHaveBeenCalled();
    jest.advanceTimersByTime(1);
    expect(destroy).toHaveBeenCalledTimes(1);
  });

  it('has nothing to do with one that came', () => {
    const { request, destroy } = begun('POST', '/conversations', json);
    request.emit('close');
    jest.advanceTimersByTime(120_000);
    expect(destroy).not.toHaveBeenCalled();
  });

  it('may take longer where it is a file, and only there', () => {
    const form = { 'content-type': 'multipart/form-data; boundary=x', 'transfer-encoding': 'chunked' };
    const [file, other] = [begun('POST', '/attachments', form), begun('POST', '/conversations', form)];
    jest.advanceTimersByTime(120_000);
    expect(file.destroy).not.toHaveBeenCalled();
    expect(other.destroy).toHaveBeenCalledTimes(1);
  });
});
