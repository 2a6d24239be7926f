import type { KeyScope } from '../../common/access/key-scope.js';
import type { Principal } from '../../common/access/principal.js';
import type { ServerPayload } from '../protocol/server-events.js';

/** One client's connection, whatever dialect it speaks. */
export interface Connection {
  readonly id: string;
  readonly principal: Principal;
  /** Whether its session ended. Nothing more is done for it then. */
  readonly isEnded?: boolean;
  /** What it may do, where an API key opened it; undefined: everything. */
  readonly scopes?: ReadonlySet<KeyScope> | undefined;
  /** Marks a conversation as shown on this connection, or as no longer shown. */
  setOpen(conversationId: string, isOpen: boolean): void;
  /** Whether somebody is looking at its app. */
  setActive(isActive: boolean): void;
  /** Whether files it sends may be kept over plain http. */
  readonly takesPlainHttp?: boolean;
  /** What it sent was stored before: for dialects whose only answer is the message itself. */
  repeated?(sent: ServerPayload<'message:new'>): void;
  /** Lives until then: milliseconds since 1970. */
  renewed(expiresAt: number): void;
}
