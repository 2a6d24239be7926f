import type { Socket } from 'socket.io-client';
import { io as olderIo } from 'socket.io-client-4.5.4';
import { type Anything, Device, type Person, until } from '../support/story.js';
import { Frames } from './frames.js';

/** A message as any dialect shows it. */
export interface Shown {
  senderId: string;
  text: string;
  files: string[];
}

/** One client of one dialect, in the words of a story. What a dialect has no word for is left out. */
export interface ChatClient {
  /** Resolves once the server has taken it; rejects with the code of a refusal. */
  send(to: Person, text: string, files?: string[]): Promise<void>;
  receive(text: string): Promise<Shown>;
  history(other: Person): Promise<Shown[]>;
  read?(other: Person): Promise<void>;
  unread?(other: Person): Promise<number>;
  /** Receives that somebody comes or goes. */
  receiveOnline?(who: Person, isOnline: boolean): Promise<void>;
  type?(to: Person): Promise<void>;
  receiveTyping?(from: Person): Promise<void>;
  close(): Promise<void>;
}

export interface Dialect {
  name: string;
  connect(person: Person): Promise<ChatClient>;
}

const text = ({ senderId, text: said, files }: Shown): Shown => ({ senderId, text: said, files });

const parley: Dialect = {
  name: 'parley',
  connect: async (person) => {
    const device = await person.device();
    const shown = ({ senderId, content, attachments }: Anything): Shown =>
      text({ senderId, text: content, files: attachments.map(({ url }: Anything) => url) });
    const open = async (other: Person): Promise<string> => person.directConversation(other);
    return {
      send: async (to, content, files = []) => {
        const attachments = files.map((url) => ({ url, kind: 'IMAGE' }));
        const answer = await device.ask('send_message', { receiverId: to.id, content, attachments });
        if (!answer.ok) throw new Error(answer.error.code);
      },
      receive: async (content) =>
        shown((await device.next('message:new', ({ message }) => message.content === content)).message),
      history: async (other) => (await person.history(await open(other))).map(shown),
      unread: async (other) => (await person.must('GET', `/conversations/${await open(other)}`)).me.unreadCount,
      read: async (other) => {
        const conversationId = await open(other);
        const { lastSeq } = await person.must('GET', `/conversations/${conversationId}`);
        await device.must('mark_read', { conversationId, seq: lastSeq });
      },
      receiveOnline: async (who, isOnline) => {
        await device.next('presence:update', (update) => update.userId === who.id && update.isOnline === isOnline);
      },
      type: async (to) => {
        await device.must('typing', { conversationId: await open(to), isTyping: true });
      },
      receiveTyping: async (from) => {
        await device.next('typing', ({ userId, isTyping }) => userId === from.id && isTyping);
      },
      close: async () => {
        device.socket.close();
      },
    };
  },
};

const wsEvents: Dialect = {
  name: 'ws-events',
  connect: async (person) => {
    const frames = await new Frames(person.url).open();
    frames.send({ event: 'authenticate', token: person.accessToken });
    await frames.event('userStatus', ({ userId }) => userId === person.id);
    const shown = ({ senderId, message, images }: Anything): Shown => text({ senderId, text: message, files: images });
    return {
      send: async (to, message, images = []) => {
        frames.send({ event: 'message', receiverId: to.id, message, images });
        const answer = await frames.next(
          ({ event, data }) =>
            event === 'error' || (event === 'message' && data.senderId === person.id && data.message === message),
        );
        if (answer.event === 'error') throw new Error(answer.data.code);
      },
      receive: async (message) => shown((await frames.event('message', (data) => data.message === message)).data),
      history: async (other) => {
        frames.send({ event: 'fetchChats', receiverId: other.id });
        const { data = [] } = await frames.next(({ event }) => event === 'fetchChats' || event === 'noRoomFound');
        return data.map(shown);
      },
      read: async (other) => {
        frames.send({ event: 'fetchChats', receiverId: other.id });
        await frames.event('fetchChats');
      },
      unread: async (other) => {
        frames.send({ event: 'unReadMessages', receiverId: other.id });
        const { data } = await frames.next(({ event }) => event === 'unReadMessages' || event === 'noUnreadMessages');
        return data.count ?? 0;
      },
      receiveOnline: async (who, isOnline) => {
        await frames.event('userStatus', (data) => data.userId === who.id && data.isOnline === isOnline);
      },
      close: async () => {
        frames.socket.close();
        await frames.closed;
      },
    };
  },
};

/** A client of the version that the documents name. */
export function olderDevice(
  person: Person,
  dialect: string,
  auth: object = { token: person.accessToken },
  options: object = {},
): Device {
  const socket = olderIo(person.url, {
    auth,
    query: { dialect },
    transports: ['websocket'],
    forceNew: true,
    reconnection: false,
    ...options,
  });
  return new Device(socket as unknown as Socket);
}

const directEvents: Dialect = {
  name: 'direct-events',
  connect: async (person) => {
    const device = olderDevice(person, 'direct-events');
    await device.next('connect');
    device.socket.emit('setUserId', person.id);
    const shown = ({ senderId, text: said, file }: Anything): Shown =>
      text({ senderId, text: said, files: file === null ? [] : [file.url] });
    const history = async (other: Person): Promise<Anything[]> => {
      device.socket.emit('getChatHistory', { userId1: person.id, userId2: other.id, limit: 50, skip: 0 });
      return device.next('chatHistory');
    };
    return {
      send: async (to, said, [url] = []) => {
        const file = url === undefined ? null : { url, type: 'image', name: 'x.png', size: 1 };
        device.socket.emit('sendMessage', { senderId: person.id, receiverId: to.id, text: said, file });
        const { event, payload } = await device.nextOf(
          ['messageSent', 'messageError'],
          (received) => received.code !== undefined || received.text === said,
        );
        if (event === 'messageError') throw new Error(payload.code);
      },
      receive: async (said) =>
        shown((await device.nextOf(['receiveMessage', 'messageSent'], (message) => message.text === said)).payload),
      history: async (other) => (await history(other)).map(shown),
      read: async (other) => {
        const last = (await history(other)).at(-1);
        const answer = await device.ask('messageRead', { messageId: last._id });
        if (!answer.success) throw new Error(answer.code);
      },
      receiveOnline: async (who, isOnline) => {
        await device.next('userOnline', (data) => data.userId === who.id && data.isOnline === isOnline);
      },
      type: async (to) => {
        device.socket.emit('typing', { receiverId: to.id, isTyping: true });
      },
      receiveTyping: async (from) => {
        await device.next('userTyping', ({ userId, isTyping }) => userId === from.id && isTyping);
      },
      close: async () => {
        device.socket.close();
      },
    };
  },
};

const namespacedEvents: Dialect = {
  name: 'namespaced-events',
  connect: async (person) => {
    const device = olderDevice(person, 'namespaced-events');
    await device.next('users:online');
    const shown = ({ senderId, content }: Anything): Shown =>
      text({ senderId, text: content, files: content.startsWith('https') ? content.split('\n') : [] });
    return {
      send: async (to, content) => {
        const answer = await device.ask('message:send', { recipientId: to.id, content });
        if (!answer.success) throw new Error(answer.code);
      },
      receive: async (content) =>
        shown((await device.nextOf(['message:receive', 'message:sent'], (m) => m.content === content)).payload),
      // It has none; others have.
      history: async (other) => (await parley.connect(person)).history(other),
      receiveOnline: async (who, isOnline) => {
        await device.next(isOnline ? 'user:online' : 'user:offline', ({ userId }) => userId === who.id);
      },
      close: async () => {
        device.socket.close();
      },
    };
  },
};

const wsRooms: Dialect = {
  name: 'ws-rooms',
  connect: async (person) => {
    const rooms = new Map<string, { frames: Frames; id: string }>();
    const updates = new Frames(`${person.url}/rooms?token=${person.accessToken}`);
    const users = new Frames(`${person.url}/users?token=${person.accessToken}`);
    await Promise.all([updates.type('ROOMS_LIST'), users.type('ALL_USERS')]);
    const shown = ({ senderId, content, images = [] }: Anything): Shown =>
      text({ senderId, text: content, files: images });
    const enter = async (other: Person): Promise<{ frames: Frames; id: string }> => {
      const known = rooms.get(other.id);
      if (known !== undefined) return known;
      const answer = await person.call('POST', '/msg/room', { otherUserId: other.id });
      if (answer.status > 201) throw new Error(answer.body.code);
      const room = {
        id: answer.body.id,
        frames: await new Frames(`${person.url}/room/${answer.body.id}?token=${answer.body.token}`).open(),
      };
      rooms.set(other.id, room);
      return room;
    };
    return {
      send: async (to, content, images = []) => {
        const { frames, id } = await enter(to);
        frames.send({ content, images });
        // The sender is answered nothing; what it wrote is in the list of rooms at once.
        const enough = new AbortController();
        const isTaken = ({ type, data }: Anything): boolean =>
          type === 'ROOM_UPDATE' && data.roomId === id && data.lastMessage?.content === content;
        const code = await Promise.race([
          updates.next(isTaken, enough.signal).then(() => undefined),
          frames.next(({ type }) => type === 'ERROR', enough.signal).then((error) => error.code),
        ]);
        enough.abort();
        if (code !== undefined) throw new Error(code);
      },
      receive: async (content) => {
        const { data } = await updates.type('ROOM_UPDATE', (frame) => frame.data.lastMessage?.content === content);
        return shown(data.lastMessage);
      },
      history: async (other) => (await person.must('GET', `/msg/room/${(await enter(other)).id}/messages`)).map(shown),
      receiveOnline: async (who, isOnline) => {
        await users.type('USER_STATUS', ({ data }) => data.userId === who.id && data.isOnline === isOnline);
      },
      close: async () => {
        const all = [updates, users, ...[...rooms.values()].map(({ frames }) => frames)];
        for (const { socket } of all) socket.close();
        await until('they are closed', () => all.every(({ socket }) => socket.readyState === socket.CLOSED));
      },
    };
  },
};

export const DIALECTS: readonly Dialect[] = [parley, wsEvents, directEvents, wsRooms, namespacedEvents];
