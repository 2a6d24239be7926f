import { describe, expect, it } from '@jest/globals';
import { AUDIT_ACTIONS } from '../../../src/audit/audit-entry.js';
import { en } from './en.js';
import { admin } from './en-admin.js';
import { more } from './en-more.js';

describe('the texts of the page', () => {
  it('hold values and plurals that are filled in, and no brace beside them', () => {
    const texts = Object.entries({ ...en, ...more, ...admin });
    expect(texts.length).toBeGreaterThan(300);
    const odd = texts.filter(([, text]) => /[{}]/.test(text.replace(/\{\w+(?::[^|{}]*\|[^{}]*)?\}/g, '')));
    expect(odd).toEqual([]);
  });

  it('have a name for every act of the audit log, and for no other', () => {
    const named = Object.keys(admin).flatMap((name) => /^admin\.action\.(.+)$/.exec(name)?.[1] ?? []);
    expect(named.sort()).toEqual([...AUDIT_ACTIONS].sort());
  });
});
