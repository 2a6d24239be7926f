import { Module } from '@nestjs/common';
import { AttachmentsModule } from '../attachments/attachments.module.js';
import { AuthModule } from '../auth/auth.module.js';
import { ConversationsModule } from '../conversations/conversations.module.js';
import { ContactsModule } from '../friends/contacts/contacts.module.js';
import { MessagesModule } from '../messages/messages.module.js';
import { PresenceModule } from '../presence/presence.module.js';
import { SyncModule } from '../sync/sync.module.js';
import { UsersModule } from '../users/users.module.js';
import { Audiences } from './delivery/audiences.js';
import { Broadcaster } from './delivery/broadcaster.js';
import { ChatCommands } from './commands/chat-commands.js';
import { ConversationCommands } from './commands/conversation-commands.js';
import { MessageCommands } from './commands/message-commands.js';
import { ChatGateway } from './chat.gateway.js';
import { ChatQueries } from './commands/chat-queries.js';
import { Connections } from './connections/connections.js';
import { ConversationViews } from './delivery/conversation-views.js';
import { DeliveryTurns } from './delivery/delivery-turns.js';
import { DialectAnnouncements } from './commands/dialect-announcements.js';
import { EndedSessions } from './delivery/ended-sessions.js';
import { InboundBytes } from './commands/inbound-bytes.js';
import { EngineGuard } from './engine/engine-guard.js';
import { FreshReads } from './delivery/fresh-reads.js';
import { Admissions } from './connections/admissions.js';
import { Handshake } from './connections/handshake.js';
import { HiddenMessages } from './delivery/hidden-messages.js';
import { MembershipRelay } from './delivery/relays/membership-relay.js';
import { MessageChangeRelay } from './delivery/relays/message-change-relay.js';
import { MessageRelay } from './delivery/relays/message-relay.js';
import { OutboundQueues } from './engine/outbound/outbound-queue.js';
import { ParleyDialect } from './connections/parley-dialect.js';
import { Newcomers } from './delivery/newcomers.js';
import { PeopleRelay } from './delivery/relays/people-relay.js';
import { PresenceTracker } from './ephemeral/presence-tracker.js';
import { Rooms } from './delivery/rooms.js';
import { SocketConnections } from './connections/socket-connections.js';
import { SocketDialects } from './connections/socket-dialects.js';
import { SocketWriter } from './engine/outbound/socket-writer.js';
import { Standstill } from './connections/standstill.js';
import { TokenExpiry } from './connections/token-expiry.js';
import { OpenConversations } from './commands/open-conversations.js';
import { Typing } from './ephemeral/typing.js';
import { UserConnections } from './connections/user-connections.js';
import { VirtualSockets } from './engine/sockets/virtual-socket.js';

@Module({
  imports: [
    AttachmentsModule,
    AuthModule,
    ConversationsModule,
    ContactsModule,
    MessagesModule,
    PresenceModule,
    SyncModule,
    UsersModule,
  ],
  providers: [
    Admissions,
    Audiences,
    Broadcaster,
    ChatCommands,
    ChatGateway,
    ChatQueries,
    Connections,
    ConversationCommands,
    ConversationViews,
    DeliveryTurns,
    DialectAnnouncements,
    EndedSessions,
    EngineGuard,
    InboundBytes,
    FreshReads,
    Handshake,
    HiddenMessages,
    MembershipRelay,
    MessageChangeRelay,
    MessageCommands,
    MessageRelay,
    Newcomers,
    OutboundQueues,
    ParleyDialect,
    PeopleRelay,
    PresenceTracker,
    Rooms,
    SocketConnections,
    SocketDialects,
    SocketWriter,
    Standstill,
    TokenExpiry,
    Typing,
    OpenConversations,
    UserConnections,
    VirtualSockets,
  ],
  exports: [
    Admissions,
    Broadcaster,
    ChatCommands,
    ChatQueries,
    Connections,
    DialectAnnouncements,
    EndedSessions,
    MembershipRelay,
    MessageRelay,
    OutboundQueues,
    PresenceTracker,
    Rooms,
    SocketDialects,
    SocketWriter,
    Standstill,
    VirtualSockets,
  ],
})
export class RealtimeModule {}
