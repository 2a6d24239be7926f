import { describe, expect, it } from '@jest/globals';
import type { MemberRole } from '../../views/conversations.view.js';
import { refusalToChangeRole, refusalToManage, refusalToRemove } from './group-rules.js';

const ROLES: readonly MemberRole[] = ['OWNER', 'ADMIN', 'MEMBER'];

describe('who may do what in a group', () => {
  it.each<[MemberRole, null | 'FORBIDDEN']>([
    ['OWNER', null],
    ['ADMIN', null],
    ['MEMBER', 'FORBIDDEN'],
  ])('lets owners and admins manage it: %s gets %s', (actor, refusal) => {
    expect(refusalToManage(actor)).toBe(refusal);
  });

  it.each<[MemberRole, MemberRole, null | 'FORBIDDEN']>([
    ['OWNER', 'ADMIN', null],
    ['OWNER', 'MEMBER', null],
    ['ADMIN', 'OWNER', 'FORBIDDEN'],
    ['ADMIN', 'ADMIN', 'FORBIDDEN'],
    ['ADMIN', 'MEMBER', null],
    ['MEMBER', 'OWNER', 'FORBIDDEN'],
    ['MEMBER', 'ADMIN', 'FORBIDDEN'],
    ['MEMBER', 'MEMBER', 'FORBIDDEN'],
  ])('lets owners remove anybody and admins remove plain members: %s removing %s gets %s', (actor, target, refusal) => {
    expect(refusalToRemove(actor, target)).toBe(refusal);
  });

  it.each<[MemberRole, boolean, null | 'FORBIDDEN']>([
    ['OWNER', false, null],
    ['OWNER', true, 'FORBIDDEN'],
    ['ADMIN', false, 'FORBIDDEN'],
    ['ADMIN', true, 'FORBIDDEN'],
    ['MEMBER', false, 'FORBIDDEN'],
    ['MEMBER', true, 'FORBIDDEN'],
  ])('lets only the owner change roles, and never its own: %s (itself: %s) gets %s', (actor, isSelf, refusal) => {
    expect(refusalToChangeRole(actor, isSelf)).toBe(refusal);
  });

  it('lets nobody remove a member who may not manage the group', () => {
    const removing = ROLES.filter((actor) => ROLES.some((target) => refusalToRemove(actor, target) === null));
    expect(removing).toEqual(ROLES.filter((actor) => refusalToManage(actor) === null));
  });
});
