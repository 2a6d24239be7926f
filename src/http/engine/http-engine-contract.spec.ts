import { once } from 'node:events';
import { type ClientRequest, type IncomingMessage, request, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, it } from '@jest/globals';
import { Body, Controller, Param, Post, Req } from '@nestjs/common';
import { HttpAdapter } from './http-adapter.js';
import { takesBody } from './route-arguments.js';

@Controller()
class Routes {
  @Post('whole')
  whole(@Param('id') _id: string, @Body() _body: object): void {}

  @Post('field')
  field(@Body('name') _name: string): void {}

  @Post('none')
  none(@Param('id') _id: string, @Req() _request: object): void {}

  @Post('nothing')
  nothing(): void {}
}

/**
 * Holds what this folder relies on in Nest and in Node's HTTP server, and what their types do not promise, against the versions
 * installed. Where this fails after an upgrade, look for what took its place before you change the test.
 */
describe('what the server of HTTP relies on', () => {
  it.each([
    ['whole', true],
    ['field', true],
    ['none', false],
    ['nothing', false],
  ])('finds in the metadata of Nest whether a handler takes a body: %s is %s', (name, isTaken) => {
    expect(takesBody(Routes, name)).toBe(isTaken);
  });

  it('makes the server that Nest listens with, which is asked before a request goes on in another protocol', async () => {
    const adapter = new HttpAdapter();
    adapter.initHttpServer();
    const server: Server = adapter.getHttpServer();
    server.removeAllListeners('request').on('request', (_request, response) => response.end('answered'));
    const offered: (string | undefined)[] = [];
    server.on('upgrade', ({ headers }, socket) => {
      offered.push(headers.upgrade);
      socket.destroy();
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const offer = (upgrade: string): ClientRequest =>
      request({ port, host: '127.0.0.1', headers: { connection: 'Upgrade', upgrade } }).end();
    try {
      const [answer] = (await once(offer('h2c'), 'response')) as [IncomingMessage];
      expect(answer.resume().statusCode).toBe(200);
      await once(offer('websocket'), 'error');
      expect(offered).toEqual(['websocket']);
    } finally {
      server.closeAllConnections();
      server.close();
    }
  });
});
