// Bare Socket.IO: acknowledges, sends on to the room, stores nothing. What any chat on Socket.IO costs at the least.
import { Server } from 'socket.io';

const io = new Server(0, { perMessageDeflate: false, serveClient: false });
let seq = 0;
io.on('connection', (socket) => {
  const { userId, rooms = [] } = socket.handshake.auth;
  void socket.join(rooms);
  socket.on('send_message', ({ conversationId, content }, acknowledge) => {
    seq += 1;
    const createdAt = new Date().toISOString();
    const message = {
      id: '0197a6b2-8f1e-7c3a-9d52-1b6f0c8e4a11',
      conversationId,
      seq,
      version: 1,
      senderId: userId,
      clientId: null,
      kind: 'TEXT',
      content,
      attachments: [],
      replyTo: null,
      reactions: [],
      createdAt,
      editedAt: null,
      deletedAt: null,
    };
    const data = {
      message,
      conversation: { id: conversationId, lastMessage: content, lastMessageAt: createdAt, lastSeq: seq },
    };
    acknowledge({ ok: true, data });
    io.to(conversationId).emit('message:new', data);
  });
  socket.emit('session:ready', {});
});
console.log(`listens on http://127.0.0.1:${io.httpServer.address().port}`);
