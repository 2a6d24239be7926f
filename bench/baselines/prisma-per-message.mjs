// The usual way: for every message find the member, create the message and update the conversation, each through a model.
import { register } from 'node:module';
import { PrismaPg } from '@prisma/adapter-pg';
import { Server } from 'socket.io';
import { v7 } from 'uuid';

register('../../scripts/typescript-hooks.mjs', import.meta.url);
const { PrismaClient } = await import('./generated/client.ts');

const prisma = new PrismaClient({ adapter: new PrismaPg({ connectionString: process.env.DATABASE_URL, max: 10 }) });
const io = new Server(0, { perMessageDeflate: false, serveClient: false });
io.on('connection', (socket) => {
  const { userId, rooms = [] } = socket.handshake.auth;
  void socket.join(rooms);
  socket.on('send_message', async ({ conversationId, content }, acknowledge) => {
    const member = await prisma.conversationMember.findUnique({
      where: { conversationId_userId: { conversationId, userId } },
    });
    if (member === null) return acknowledge({ ok: false });
    const conversation = await prisma.conversation.update({
      where: { id: conversationId },
      data: { lastSeq: { increment: 1 }, lastMessage: content, lastMessageAt: new Date(), lastMessageBy: userId },
    });
    const id = v7();
    const message = await prisma.message.create({
      data: {
        id,
        conversationId,
        seq: conversation.lastSeq,
        senderId: userId,
        clientId: id,
        kind: 'TEXT',
        content,
        createdAt: new Date(),
      },
    });
    acknowledge({ ok: true, data: { message, conversation } });
    io.to(conversationId).emit('message:new', { message, conversation });
  });
  socket.emit('session:ready', {});
});
console.log(`listens on http://127.0.0.1:${io.httpServer.address().port}`);
