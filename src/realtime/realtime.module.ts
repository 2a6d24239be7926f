import { Module } from '@nestjs/common';
import { AuthModule } from '../auth/auth.module.js';
import { ConversationsModule } from '../conversations/conversations.module.js';
import { ContactsModule } from '../friends/contacts.module.js';
import { MessagesModule } from '../messages/messages.module.js';
import { PresenceModule } from '../presence/presence.module.js';
import { SyncModule } from '../sync/sync.module.js';
import { UsersModule } from '../users/users.module.js';
import { Broadcaster } from './broadcaster.js';
import { ChatCommands } from './chat-commands.js';
import { ChatGateway } from './chat.gateway.js';
import { ChatReads } from './chat-reads.js';
import { Connections } from './connections.js';
import { DialectConnections } from './dialect-connections.js';
import { DialectSockets } from './dialect-sockets.js';
import { EngineGuard } from './engine/engine-guard.js';
import { EventRelay } from './event-relay.js';
import { Handshake } from './handshake.js';
import { HandshakeLimit } from './handshake-limit.js';
import { PresenceTracker } from './presence-tracker.js';
import { Rooms } from './rooms.js';
import { SocketDialects } from './socket-dialects.js';
import { TokenLife } from './token-life.js';
import { OpenConversations } from './open-conversations.js';
import { Typing } from './typing.js';
import { UserConnections } from './user-connections.js';

@Module({
  imports: [AuthModule, ConversationsModule, ContactsModule, MessagesModule, PresenceModule, SyncModule, UsersModule],
  providers: [
    Broadcaster,
    ChatCommands,
    ChatGateway,
    ChatReads,
    Connections,
    DialectConnections,
    DialectSockets,
    EngineGuard,
    EventRelay,
    Handshake,
    HandshakeLimit,
    PresenceTracker,
    Rooms,
    SocketDialects,
    TokenLife,
    Typing,
    OpenConversations,
    UserConnections,
  ],
  exports: [ChatCommands, ChatReads, DialectConnections, HandshakeLimit, SocketDialects],
})
export class RealtimeModule {}
