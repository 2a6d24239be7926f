import { describe, expect, it } from '@jest/globals';
import { ChatError } from '@parley/client';
import './more.js';
import { errorText, fieldFaults, reasonText, suspensionText } from './error-text.js';
import { t } from './texts.js';

describe('why something failed, in words', () => {
  it.each<[string, unknown, string]>([
    ['a code that the page has a text for', new ChatError('EMAIL_TAKEN', 'taken'), t('error.EMAIL_TAKEN')],
    [
      'a code that it does not know',
      new ChatError('OF_A_LATER_SERVER' as never, 'The server’s words.'),
      'The server’s words.',
    ],
    [
      'a field that is wrong, as a sentence',
      new ChatError('VALIDATION_FAILED', 'invalid', { errors: { name: ['name is too long', 'another'] } }),
      'Name is too long.',
    ],
    [
      'a wait of less than a minute',
      new ChatError('RATE_LIMITED', 'Too many requests.', { retryAfterMs: 59_000 }),
      'Too much at once. Try again in a moment.',
    ],
    [
      'a wait of a minute',
      new ChatError('RATE_LIMITED', 'Too many requests.', { retryAfterMs: 60_000 }),
      'Too much at once. Try again in 1 minute.',
    ],
    [
      'a wait of minutes',
      new ChatError('RATE_LIMITED', 'Too many requests.', { retryAfterMs: 13.2 * 60_000 }),
      'Too much at once. Try again in 14 minutes.',
    ],
    ['a limit', new ChatError('LIMIT_REACHED', 'The limit is reached.'), t('error.LIMIT_REACHED')],
    ['an error of another kind', new Error('No network.'), 'No network.'],
    ['what is no error', 'broken', 'broken'],
  ])('is shown of %s', (_, error, text) => {
    expect(errorText(error)).toBe(text);
  });

  it('has no second full stop, and none where nothing is said', () => {
    expect(reasonText('X', 'message', 'it ends.')).toBe('It ends.');
    expect(reasonText('X', 'message', '')).toBe('');
    expect(reasonText('X', 'message')).toBe('message');
  });

  it('shows of a suspension its end and its reason where there are any', () => {
    expect(suspensionText({})).toBe(t('connection.suspended'));
    expect(suspensionText({ until: null, reason: null })).toBe(t('connection.suspended'));
    expect(suspensionText({ reason: 'spam' })).toContain('spam');
    expect(suspensionText({ reason: 'SELF_HARM' })).toContain(t('report.SELF_HARM'));
    for (const reason of ['OFFENSIVE', 'hint', 'send'])
      expect(suspensionText({ reason })).toContain(t('connection.suspendedReason', { reason }));
    expect(suspensionText({ until: '2030-01-02T03:04:05.000Z' })).toMatch(/2030/);
  });

  it('is shown beside the field that it is about', () => {
    expect(fieldFaults(new Error('no'))).toEqual({});
    expect(fieldFaults(new ChatError('USERNAME_TAKEN', 'x'))).toEqual({ username: t('error.USERNAME_TAKEN') });
    expect(fieldFaults(new ChatError('EMAIL_TAKEN', 'x'))).toEqual({ email: t('error.EMAIL_TAKEN') });
    const faults = { email: ['email is not valid'], password: ['password is too short.'] };
    expect(fieldFaults(new ChatError('VALIDATION_FAILED', 'x', { errors: faults }))).toEqual({
      email: 'Email is not valid.',
      password: 'Password is too short.',
    });
  });
});
