import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Configuration, ConfigurationError } from './configuration.js';

describe('the environment', () => {
  let directory: string;
  beforeAll(() => {
    directory = mkdtempSync(join(tmpdir(), 'parley-configuration-'));
  });
  afterAll(() => rmSync(directory, { recursive: true }));

  const production = {
    NODE_ENV: 'production',
    DATABASE_URL: 'embedded',
    JWT_SECRET: 'a secret that is long enough for every test',
  };
  const read = (environment: Record<string, string>): Configuration =>
    Configuration.fromEnvironment({ DATA_DIR: directory, ...environment });

  it('has a default for every setting that may be left out', () => {
    expect(read({})).toMatchObject({ port: 3000, emailVerification: 'off', smtpUrl: undefined, trustedIssuers: [] });
  });

  it('is of production also with blanks around it, as a secret or a shell may leave them', () => {
    for (const NODE_ENV of ['production\n', 'production ', '\tproduction'])
      expect(() => read({ NODE_ENV, JWT_SECRET: production.JWT_SECRET })).toThrow('DATABASE_URL is required');
  });

  it('starts nothing for a word that may have been meant for production', () => {
    for (const NODE_ENV of ['prod', 'Production', 'production;'])
      expect(() => read({ NODE_ENV })).toThrow('NODE_ENV must be one of production, development, test');
    for (const NODE_ENV of ['development', 'test', '', ' ']) expect(read({ NODE_ENV }).production).toBe(false);
  });

  it('divides bounds of connections among workers', () => {
    const PARLEY_WORKER = JSON.stringify({ slot: 1, count: 3, directory, isAlone: false });
    expect(read({ PARLEY_WORKER, MAX_CONNECTIONS: '301', MAX_UNAUTHENTICATED_CONNECTIONS: '31' })).toMatchObject({
      maxConnections: 101,
      maxUnauthenticatedConnections: 11,
    });
  });

  it('takes hosts as addresses write them, however an operator does', () => {
    const hosts = 'Wiki.Intranet, VM:8080,[::1]:80 , münchen.example,127.1';
    expect(read({ LINK_PREVIEW_ALLOWED_HOSTS: hosts }).linkPreviewAllowedHosts).toEqual([
      ...['wiki.intranet', 'vm:8080', '[::1]:80', 'xn--mnchen-3ya.example', '127.0.0.1'],
    ]);
  });

  it('requires verification where mail can be sent, unless it says otherwise', () => {
    const SMTP_URL = 'smtp://localhost:2525';
    expect(read({ SMTP_URL }).emailVerification).toBe('required');
    expect(read({ SMTP_URL, EMAIL_VERIFICATION: 'off' }).emailVerification).toBe('off');
    expect(read({ EMAIL_VERIFICATION: 'required' }).emailVerification).toBe('required');
    expect(read({ ...production, SMTP_URL, MAIL_FROM: 'Chat <chat@example.com>' }).mailFrom).toBe(
      'Chat <chat@example.com>',
    );
  });

  it.each([
    ['SMTP_URL', { ...production, EMAIL_VERIFICATION: 'required' }],
    ['MAIL_FROM', { ...production, SMTP_URL: 'smtp://localhost' }],
    ['SMTP_URL', { SMTP_URL: 'https://user:password@example.com' }],
    ['MAIL_FROM', { MAIL_FROM: 'nobody' }],
    ['MAIL_FROM', { MAIL_FROM: 'a@example.com\r\nBcc: b@example.com' }],
    ['EMAIL_VERIFICATION', { EMAIL_VERIFICATION: 'yes' }],
    ['AUTH_TRUSTED_ISSUERS', { AUTH_TRUSTED_ISSUERS: '{' }],
    ['AUTH_TRUSTED_ISSUERS', { AUTH_TRUSTED_ISSUERS: '{"issuer":"a","secret":"password","audience":"b"}' }],
    ['JWT_SECRET', { ...production, JWT_SECRET: 'password' }],
    ['JWT_SECRET', { ...production, JWT_SECRET: '' }],
    ['JWT_SECRET_PREVIOUS', { ...production, JWT_SECRET_PREVIOUS: 'password' }],
    ['JWT_SECRET_PREVIOUS', { ...production, JWT_SECRET_PREVIOUS: 'x'.repeat(40) }],
    [
      'JWT_SECRET',
      {
        ...production,
        AUTH_TRUSTED_ISSUERS: JSON.stringify({ issuer: 'web-app', secret: production.JWT_SECRET, audience: 'chat' }),
      },
    ],
    ['DATABASE_URL', { ...production, DATABASE_URL: '' }],
    ['DATABASE_URL', { DATABASE_URL: 'mysql://user:password@localhost' }],
    ['PORT', { PORT: '70000' }],
    ['LINK_PREVIEW_ALLOWED_HOSTS', { LINK_PREVIEW_ALLOWED_HOSTS: 'http://wiki.intranet' }],
    ['LINK_PREVIEW_ALLOWED_HOSTS', { LINK_PREVIEW_ALLOWED_HOSTS: 'wiki/page' }],
    ['CORS_ORIGINS', { CORS_ORIGINS: '*' }],
    ['CORS_ORIGINS', { CORS_ORIGINS: 'https://example.com/path' }],
  ])('is refused for %s in one line that repeats no secret: %j', (name, environment) => {
    let refusal: unknown;
    try {
      read(environment);
    } catch (error) {
      refusal = error;
    }
    expect(refusal).toBeInstanceOf(ConfigurationError);
    const { message } = refusal as ConfigurationError;
    expect([message.startsWith(name), message.includes('password'), message.includes('\n')]).toEqual([
      true,
      false,
      false,
    ]);
  });
});
