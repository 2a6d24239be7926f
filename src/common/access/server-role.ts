/** Roles of the server, each with all that the ones before it may do (contract, section 9). A group's are `MemberRole`. */
export const SERVER_ROLES = ['USER', 'MODERATOR', 'ADMIN'] as const;
export type ServerRole = (typeof SERVER_ROLES)[number];

/** Whether a role is that one or a higher one. */
export function hasRole(role: ServerRole, required: ServerRole): boolean {
  return SERVER_ROLES.indexOf(role) >= SERVER_ROLES.indexOf(required);
}
