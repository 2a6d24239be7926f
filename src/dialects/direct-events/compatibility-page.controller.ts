import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { Controller, Get, Header, Res } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import type { Response } from 'express';
import { Public } from '../../http/decorators/public.decorator.js';
import { PAGE, SCRIPT, STYLE } from './compatibility.page.js';

/** Only what is of this server, and only to speak with it. */
const POLICY = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; frame-ancestors 'none'";
/** Comes with Socket.IO itself. */
const CLIENT = join(
  dirname(createRequire(import.meta.url).resolve('socket.io/package.json')),
  'client-dist',
  'socket.io.min.js',
);

/** A page to try the dialect with (docs/protocol/direct-events.md). It holds nothing: it asks for a token, or uses a cookie. */
@ApiExcludeController()
@Public()
@Controller('compat')
export class CompatibilityPageController {
  @Get('direct-events.html')
  @Header('Content-Type', 'text/html; charset=utf-8')
  @Header('Content-Security-Policy', POLICY)
  page(): string {
    return PAGE;
  }

  @Get('direct-events.js')
  @Header('Content-Type', 'text/javascript; charset=utf-8')
  script(): string {
    return SCRIPT;
  }

  @Get('direct-events.css')
  @Header('Content-Type', 'text/css; charset=utf-8')
  style(): string {
    return STYLE;
  }

  @Get('socket.io.min.js')
  client(@Res() response: Response): void {
    response.type('text/javascript').sendFile(CLIENT, { cacheControl: false });
  }
}
