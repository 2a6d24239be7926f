import type { Server, Socket } from 'socket.io';
import type { KeyScope } from '../../../common/access/key-scope.js';
import type { Principal } from '../../../common/access/principal.js';
import type { ClientToServerEvents } from '../../protocol/client-events.js';
import type { ServerToClientEvents } from '../../protocol/server-events.js';

/** What the server keeps of one connection. */
export interface ConnectionState {
  principal: Principal;
  /** When its token ends, in milliseconds since 1970. */
  expiresAt: number;
  /** False where it asked not to receive the messages it sends itself. */
  echo: boolean;
  /** Whether its client fetches by `sync` what it missed. One that cannot has to come back, and reads all anew. */
  canSync: boolean;
  /** Whether somebody is looking at this connection's app. */
  isActive: boolean;
  /** It did not answer a ping, or its network failed, by which it ended: its client may have been gone for a while. */
  isSilent?: boolean;
  /** Its session ended: what it asked for, and what waits to be done, is refused. What a connection sent that was lost is done. */
  isEnded?: boolean;
  /** It shows all its conversations, as its dialect has no word for showing one: somebody who looks at its app may see none of them. */
  showsAll?: boolean;
  /**
   * The snapshot of the database from which it was let in: what that saw the client reads, and is not sent. The first one, where it
   * came back to what it missed.
   */
  snapshot: string | undefined;
  /** What it may do, where an API key opened it. */
  scopes?: ReadonlySet<KeyScope>;
}

/** What of it the client and its dialect decide. */
export type ConnectionOptions = Pick<ConnectionState, 'echo' | 'canSync'>;

type NoServerSideEvents = Record<string, never>;

export type ChatSocket = Socket<ClientToServerEvents, ServerToClientEvents, NoServerSideEvents, ConnectionState>;
export type ChatServer = Server<ClientToServerEvents, ServerToClientEvents, NoServerSideEvents, ConnectionState>;
