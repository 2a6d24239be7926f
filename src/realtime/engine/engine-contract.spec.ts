import { once } from 'node:events';
import { createServer, type Server as HttpServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { IoAdapter } from '@nestjs/platform-socket.io';
import { Server, type Socket } from 'socket.io';
import { io, type Socket as Client } from 'socket.io-client';
import { BoundedWebSocket, BoundedWebSocketServer } from './sockets/bounded-web-socket.js';
import type { ChatServer } from './sockets/chat-socket.js';
import { ChatSocketAdapter } from './chat-socket-adapter.js';
import {
  connectionOf,
  EVENT,
  type EngineConnection,
  type EnginePacket,
  engineOf,
  internalsOfAdapter,
  internalsOfSocket,
  type Transport,
  type WriteOptions,
} from './internals.js';
import { RecoveryAdapter } from './recovery/recovery-adapter.js';
import { VirtualSocket } from './sockets/virtual-socket.js';

/** What is relied on beyond internals.ts: how Engine.IO and ws come by what they have there. */
interface Hidden {
  readonly sentCallbackFn: unknown[];
  readonly transport: Transport & { writable: boolean; emit(event: 'ready' | 'drain'): boolean };
}
interface HiddenWebSocket {
  readonly _autoPong: boolean;
  readonly _closeTimeout: number;
  readonly _receiver: { readonly _maxFragments: number; readonly _maxBufferedChunks: number };
  readonly _sender: { sendFrame(list: Buffer[], done: () => void): void };
  readonly _socket: { cork(): void; uncork(): void };
}

const own = (object: object, name: string): boolean => Object.hasOwn(object, name);

/**
 * Holds what this folder relies on in Socket.IO, Engine.IO, ws and Nest, and what their types do not promise, against the
 * versions installed. Where this fails after an upgrade, look for what took its place before you change the test.
 */
describe('what the engine relies on', () => {
  let http: HttpServer;
  let server: ChatServer;
  let url: string;
  const clients: Client[] = [];
  const persisted: unknown[] = [];
  const queries: unknown[] = [];

  class WatchedAdapter extends RecoveryAdapter {
    override persistSession(session: Parameters<RecoveryAdapter['persistSession']>[0]): void {
      persisted.push(session);
      super.persistSession(session);
    }
  }

  beforeAll(async () => {
    http = createServer();
    server = new Server(http, {
      wsEngine: BoundedWebSocketServer,
      adapter: WatchedAdapter,
      connectionStateRecovery: { maxDisconnectionDuration: 60_000, skipMiddlewares: false },
    });
    server.use((socket, next) => {
      socket.data = { ...socket.data, principal: { userId: 'user', sessionId: 'session' } };
      next();
    });
    engineOf(server).use((request, _, next) => {
      queries.push(request._query);
      next();
    });
    await once(http.listen(0, '127.0.0.1'), 'listening');
    url = `http://127.0.0.1:${(http.address() as AddressInfo).port}`;
  });
  afterAll(async () => {
    for (const client of clients) client.close();
    await server.close();
  });

  async function connect(options: object = { transports: ['websocket'] }): Promise<{ client: Client; socket: Socket }> {
    const client = io(url, { forceNew: true, ...options });
    clients.push(client);
    const [socket] = (await once(server as unknown as NodeJS.EventEmitter, 'connection')) as [Socket];
    if (!client.connected) await new Promise<void>((resolve) => client.once('connect', () => resolve()));
    return { client, socket };
  }
  const hidden = (connection: EngineConnection): Hidden => connection as unknown as Hidden;
  const adapterOf = (): RecoveryAdapter => server.sockets.adapter as unknown as RecoveryAdapter;
  const received = (client: Client, event: string): Promise<unknown[]> =>
    new Promise((resolve) => client.once(event, (...payload) => resolve(payload)));

  it('has engine.clients by session id, a hook before requests with their query, and an event for each connection', async () => {
    const opened = new Promise<EngineConnection>((resolve) => engineOf(server).on('connection', resolve));
    const { socket } = await connect();
    const connection = await opened;
    expect(connectionOf(socket)).toBe(connection);
    expect(Object.values(engineOf(server).clients)).toContain(connection);
    expect(queries).toContainEqual(expect.objectContaining({ EIO: '4', transport: 'websocket' }));
    expect(connection.request.headers.upgrade).toBe('websocket');
  });

  it('asks engine.generateId for the id of a new connection', async () => {
    const engine = engineOf(server);
    const generateId = engine.generateId.bind(engine);
    engine.generateId = (request) => `here.${generateId(request)}`;
    const { client } = await connect();
    engine.generateId = generateId;
    const { id } = client.io.engine as unknown as { id: string };
    expect(id).toMatch(/^here\./);
    expect(engine.clients[id]).toBeDefined();
  });

  it('emits every packet of a client on its connection, connects as text that begins with 0', async () => {
    const packets: EnginePacket[] = [];
    engineOf(server).on('connection', (connection) => connection.on('packet', (packet) => packets.push(packet)));
    const { client, socket } = await connect();
    const arrived = new Promise((resolve) => socket.once('question', resolve));
    client.emit('question', 1);
    await arrived;
    expect(packets.filter(({ type }) => type === 'message').map(({ data }) => data)).toEqual(['0', '2["question",1]']);
  });

  it('announces an upgrade from long polling with the new transport', async () => {
    let upgraded: Promise<Transport> | undefined;
    engineOf(server).on('connection', (connection) => {
      upgraded = new Promise((resolve) => connection.on('upgrade', resolve));
    });
    const { socket } = await connect({ transports: ['polling', 'websocket'] });
    const transport = await upgraded;
    expect(transport?.name).toBe('websocket');
    expect(connectionOf(socket).transport).toBe(transport);
    expect(transport?.socket).toBeInstanceOf(BoundedWebSocket);
  });

  it('sends everything through the connection’s sendPacket, also where it was covered', async () => {
    const { client, socket } = await connect();
    const connection = connectionOf(socket);
    expect(own(connection, 'sendPacket')).toBe(false);
    const send = connection.sendPacket;
    const sent: unknown[] = [];
    connection.sendPacket = (...parameters) => {
      sent.push(parameters.slice(0, 2));
      send.apply(connection, parameters);
    };
    const arrived = received(client, 'second');
    internalsOfSocket(socket).client.writeToEngine(['2["first"]'], { preEncoded: true });
    connection.write('2["second"]', {});
    await arrived;
    expect(sent).toEqual([
      ['message', '2["first"]'],
      ['message', '2["second"]'],
    ]);
  });

  it('keeps what waits in a buffer that it replaces when it hands it over, and so may be emptied before', async () => {
    const { client, socket } = await connect();
    const connection = connectionOf(socket);
    const { transport, sentCallbackFn } = hidden(connection);
    transport.writable = false;
    connection.write('2["dropped"]', {});
    const waiting = connection.writeBuffer;
    expect(waiting).toEqual([expect.objectContaining({ type: 'message', data: '2["dropped"]' })]);
    waiting.length = 0;
    connection.write('2["kept"]', { wsPreEncodedFrame: [Buffer.from([0x81, 9]), Buffer.from('42["kept"')] });
    expect(connection.writeBuffer).toBe(waiting);
    waiting.length = 0;
    connection.write('2["kept"]', {});
    const arrived = received(client, 'kept');
    transport.writable = true;
    const before = sentCallbackFn.length;
    transport.emit('ready');
    expect(connection.writeBuffer).not.toBe(waiting);
    expect(connection.writeBuffer).toEqual([]);
    // One for each time it hands something over, taken off by the transport's drain.
    expect(sentCallbackFn.length).toBe(before + 1);
    await arrived;
    expect(sentCallbackFn.length).toBe(before);
    sentCallbackFn.push(null);
    transport.emit('drain');
    expect(sentCallbackFn.length).toBe(before);
  });

  it('has the transport’s send and doClose on its prototype, and a stream that can be corked', async () => {
    const { socket } = await connect();
    const { transport } = connectionOf(socket);
    expect([own(transport, 'send'), own(transport, 'doClose')]).toEqual([false, false]);
    const prototype = Object.getPrototypeOf(transport) as Transport;
    expect([typeof prototype.send, typeof prototype.doClose]).toEqual(['function', 'function']);
    const { _socket: stream } = transport.socket ?? {};
    expect([typeof stream?.cork, typeof stream?.uncork]).toEqual(['function', 'function']);
    expect(transport.socket?.bufferedAmount).toBe(0);
  });

  it('encodes an event with its WebSocket frame, which the transport writes as it is', async () => {
    const { client, socket } = await connect();
    const options: WriteOptions = { preEncoded: true };
    const packet = { type: EVENT, nsp: '/', data: ['event', { text: 'é' }] };
    expect(internalsOfAdapter(adapterOf())._encode(packet, options)).toEqual(['2["event",{"text":"é"}]']);
    const [head, body] = options.wsPreEncodedFrame ?? [];
    expect(body?.toString()).toBe('42["event",{"text":"é"}]');
    expect(head).toEqual(Buffer.from([0x81, body?.length ?? 0]));
    const arrived = received(client, 'event');
    // The text is not looked at where there is a frame.
    connectionOf(socket).write('', options);
    expect(await arrived).toEqual([{ text: 'é' }]);
  });

  it('reaches the sockets of rooms by the namespace’s map, and calls notifyOutgoingListeners before it is written', async () => {
    const { client, socket } = await connect();
    await socket.join('room');
    const reached: string[] = [];
    internalsOfAdapter(adapterOf()).apply({ rooms: new Set(['room']), except: new Set() }, ({ id }) => {
      reached.push(id);
    });
    expect(reached).toEqual([socket.id]);
    expect(server.sockets.sockets.get(socket.id)).toBe(socket);
    expect(typeof internalsOfSocket(socket).notifyOutgoingListeners).toBe('function');
    const arrived = received(client, 'typing');
    server.to('room').emit('typing', { conversationId: 'c', userId: 'u', isTyping: true });
    expect((await arrived)[0]).toEqual({ conversationId: 'c', userId: 'u', isTyping: true });
  });

  it('takes a virtual socket for one: it is joined, sent to and ended by the calls that do it to all', async () => {
    const events: unknown[] = [];
    const data = {
      principal: { userId: 'user', sessionId: 'session' },
      expiresAt: 0,
      echo: true,
      canSync: false,
      isActive: true,
      snapshot: undefined,
    };
    const virtual = new VirtualSocket('virtual', data, server, {
      deliver: (event) => events.push(event),
      ended: (code) => events.push(code),
    });
    server.in('virtual').socketsJoin('room of virtual sockets');
    expect([...virtual.rooms]).toEqual(['virtual', 'room of virtual sockets']);
    server.to('room of virtual sockets').emit('conversation:removed', { conversationId: 'c' });
    virtual.asChatSocket().emit('conversation:removed', { conversationId: 'd' });
    server.to('room of virtual sockets').emit('session:ended', { code: 'LOGGED_OUT', retry: false });
    server.in('room of virtual sockets').disconnectSockets(true);
    expect(events).toEqual([
      { event: 'conversation:removed', payload: { conversationId: 'c' } },
      { event: 'conversation:removed', payload: { conversationId: 'd' } },
      'LOGGED_OUT',
    ]);
    virtual.remove();
    expect([adapterOf().rooms.has('room of virtual sockets'), server.sockets.sockets.has('virtual')]).toEqual([
      false,
      false,
    ]);
  });

  it('hands an event for one socket to the adapter, which reaches nobody who has left its own room', async () => {
    const { client, socket } = await connect();
    const events: unknown[] = [];
    client.onAny((event) => events.push(event));
    adapterOf().delAll(socket.id);
    socket.emit('unreachable');
    const arrived = received(client, 'reachable');
    internalsOfSocket(socket).client.writeToEngine(['2["reachable"]'], { preEncoded: true });
    await arrived;
    expect(events).toEqual(['reachable']);
  });

  it('hands a lost socket with its rooms and data over to be kept, and makes its next one of what is restored', async () => {
    const { client, socket } = await connect({ transports: ['websocket'], reconnectionDelay: 10 });
    await socket.join('room that is kept');
    const arrived = received(client, 'exception');
    // Recovery needs the number of an event that came.
    socket.emit('exception', { code: 'NOT_FOUND' });
    await arrived;
    const back = once(server as unknown as NodeJS.EventEmitter, 'connection');
    client.io.engine.close();
    const [next] = (await back) as [Socket];
    expect(persisted).toContainEqual(
      expect.objectContaining({ sid: socket.id, rooms: expect.arrayContaining(['room that is kept']) }),
    );
    expect(next.id).toBe(socket.id);
    expect(next.data.restored.rooms).toContain('room that is kept');
    expect([...next.rooms]).toEqual([next.id]);
  });

  it('passes ws the bounds that its types do not know', async () => {
    const { socket } = await connect();
    const webSocket = connectionOf(socket).transport.socket as unknown as HiddenWebSocket;
    expect(webSocket).toMatchObject({
      _autoPong: false,
      _closeTimeout: 2_000,
      _receiver: { _maxFragments: 1_024, _maxBufferedChunks: 1_024 },
    });
    expect(typeof webSocket._sender.sendFrame).toBe('function');
  });

  it('covers methods of Nest’s adapter that are there to be covered', () => {
    for (const method of ['createIOServer', 'bindMessageHandlers'] as const) {
      expect(own(IoAdapter.prototype, method)).toBe(true);
      expect(own(ChatSocketAdapter.prototype, method)).toBe(true);
    }
  });
});
