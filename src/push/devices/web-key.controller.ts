import { Controller, Get } from '@nestjs/common';
import { ApiOkResponse, ApiTags } from '@nestjs/swagger';
import { Configuration } from '../../config/configuration.js';
import { Public } from '../../http/decorators/public.decorator.js';
import { WebKeyView } from './devices.view.js';

@ApiTags('push')
@Controller('push')
export class WebKeyController {
  constructor(private readonly configuration: Configuration) {}

  /** The server's public key, which browsers subscribe with. Made once and kept: another one would end every subscription. */
  @Public()
  @Get('web-key')
  @ApiOkResponse({ type: WebKeyView })
  webKey(): WebKeyView {
    return { publicKey: this.configuration.push.web.keys().publicKey };
  }
}
