import { afterEach, describe, expect, it } from '@jest/globals';
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { appendFileSync, cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MIGRATIONS } from '../support/databases/histories.js';

const ACCOUNTS = '20261121000000_accounts';
const ATTACHMENTS = '20261122000000_attachments';

describe('the manifest of migrations', () => {
  let directory: string;
  const check = (...options: string[]): { status: number | null; stderr: string } => {
    const script = join(process.cwd(), 'scripts', 'migration-manifest.mjs');
    const { status, stderr } = spawnSync(process.execPath, [script, directory, ...options], { encoding: 'utf8' });
    return { status, stderr };
  };
  const write = (name: string, script: string): void => {
    mkdirSync(join(directory, name));
    writeFileSync(join(directory, name, 'migration.sql'), script);
  };
  const copied = (): void => {
    directory = mkdtempSync(join(tmpdir(), 'parley-manifest-'));
    cpSync(MIGRATIONS, directory, { recursive: true });
  };
  afterEach(() => rmSync(directory, { recursive: true, force: true }));

  it('agrees with the migrations of this checkout', () => {
    copied();
    expect(check()).toEqual({ status: 0, stderr: '' });
  });

  it('shows an edit, even of a comment, and does not record it', () => {
    copied();
    appendFileSync(join(directory, ACCOUNTS, 'migration.sql'), '-- better said\n');
    expect(check().stderr).toMatch(/20261121000000_accounts was edited after it had landed/);
    expect(check('--record').status).toBe(1);
  });

  it('shows a migration that was removed', () => {
    copied();
    rmSync(join(directory, ATTACHMENTS), { recursive: true });
    expect(check().stderr).toMatch(/20261122000000_attachments has landed and is missing/);
  });

  it('shows one that is put in before the end of a release, also where it was recorded by hand', () => {
    copied();
    const script = 'SELECT 1;\n';
    write('20261121120000_between', script);
    expect(check('--record').stderr).toMatch(/lies before \d{14}_\w+, which was released/);
    const hash = createHash('sha256').update(script).digest('hex');
    appendFileSync(join(directory, 'landed.sha256'), `${hash}  20261121120000_between/migration.sql\n`);
    expect(check().stderr).toMatch(/4 migrations lie before the end of release 0\.1\.0, which has 3/);
  });

  it('asks for a new one to be recorded, and then holds to it', () => {
    copied();
    write('20990101000000_new', 'SELECT 1;\n');
    expect(check().stderr).toMatch(/20990101000000_new is not in landed\.sha256/);
    expect(check('--record').status).toBe(0);
    expect(check().status).toBe(0);
    appendFileSync(join(directory, '20990101000000_new', 'migration.sql'), 'SELECT 2;\n');
    expect(check().stderr).toMatch(/20990101000000_new was edited/);
  });
});
