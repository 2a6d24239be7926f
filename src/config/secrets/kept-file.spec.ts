import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createKept } from './kept-file.js';

describe('a file that is the same at every start', () => {
  let directory: string;
  let path: string;
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'kept-'));
    path = join(directory, 'secret');
  });
  afterEach(() => rmSync(directory, { recursive: true }));

  const full = (): string => {
    throw Object.assign(new Error('the disk is full'), { code: 'ENOSPC' });
  };

  it('is not left where it could not be written whole', () => {
    expect(() => createKept(path, full)).toThrow(`DATA_DIR ${directory} cannot be written: the disk is full`);
    expect(readdirSync(directory)).toEqual([]);
  });

  it('is whole as soon as it is there, and the first one’s where two create it', () => {
    createKept(path, () => {
      expect(existsSync(path)).toBe(false);
      createKept(path, () => 'first');
      return 'second';
    });
    expect(readFileSync(path, 'utf8')).toBe('first');
    expect(readdirSync(directory)).toEqual(['secret']);
    expect(statSync(path).mode & 0o777).toBe(0o600);
  });

  it('stays as it is once it is there', () => {
    createKept(path, () => 'first');
    createKept(path, full);
    expect(readFileSync(path, 'utf8')).toBe('first');
  });
});
