import { Injectable } from '@nestjs/common';
import { DomainError } from '../../common/errors.js';
import type { Connection } from './connection.js';
import { Rooms } from '../delivery/rooms.js';

/**
 * Which conversations a connection shows. To show one is asked for, looked up and then done: what happens between is not
 * lost. A member who is removed meanwhile does not show it, and of a join and a leave the last one asked for holds.
 */
@Injectable()
export class OpenConversations {
  private readonly attempts = new WeakMap<Connection, Map<string, object>>();

  constructor(private readonly rooms: Rooms) {}

  /**
   * @param read throws where the connection's user is no member.
   * @throws DomainError NOT_FOUND where it was removed since.
   */
  async open<Result>(connection: Connection, conversationId: string, read: () => Promise<Result>): Promise<Result> {
    const attempt = {};
    const attempts = this.attempts.get(connection) ?? new Map<string, object>();
    this.attempts.set(connection, attempts.set(conversationId, attempt));
    // As for a connection that is being let in: notes who is put out while the database is asked.
    const setup = this.rooms.begin(connection.principal.userId);
    try {
      const result = await read();
      if (setup.left.has(conversationId)) throw new DomainError('NOT_FOUND');
      // From here to the room nothing is waited for.
      if (attempts.get(conversationId) === attempt) connection.setOpen(conversationId, true);
      return result;
    } finally {
      this.rooms.abandon(setup);
      if (attempts.get(conversationId) === attempt) attempts.delete(conversationId);
    }
  }

  close(connection: Connection, conversationId: string): void {
    this.attempts.get(connection)?.delete(conversationId);
    connection.setOpen(conversationId, false);
  }
}
