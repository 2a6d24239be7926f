import type { Type } from '@nestjs/common';

/** The module of a dialect, which says itself what its name is. */
export interface DialectModule extends Type {
  readonly dialect: {
    /** As DIALECTS, SOCKET_DIALECT and clients have it; the name of its folder too. */
    readonly name: string;
    readonly transport: 'Socket.IO' | 'WebSocket';
  };
}
