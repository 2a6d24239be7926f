import { Body, Controller, Delete, Get, HttpCode, HttpStatus, Param, Put, Query } from '@nestjs/common';
import { ApiBearerAuth, ApiNoContentResponse, ApiOkResponse, ApiParam, ApiTags } from '@nestjs/swagger';
import { type Page, PageQuery } from '../../common/pagination.js';
import type { Principal } from '../../common/access/principal.js';
import { ApiErrors } from '../../http/decorators/api-errors.decorator.js';
import { ApiPage } from '../../http/decorators/api-page.decorator.js';
import { CurrentPrincipal } from '../../http/decorators/current-principal.decorator.js';
import { RateLimit } from '../../limits/rates/rate-limit.guard.js';
import { Gated } from '../../limits/gate.interceptor.js';
import { DEVICE_ID_PATTERN, DeviceIdPipe, NewDeviceIdPipe } from './device-id.pipe.js';
import { RegisterDeviceDto } from './dto/devices.dto.js';
import { DevicesService } from './devices.service.js';
import { DeviceLogEntryView, DeviceView } from './devices.view.js';

const DEVICE_ID = {
  name: 'deviceId',
  description: 'Chosen by the client, the same at every start: a UUID say.',
  schema: { type: 'string' as const, pattern: DEVICE_ID_PATTERN.source },
};

@ApiTags('push')
@ApiBearerAuth()
@Gated()
@Controller('devices')
export class DevicesController {
  constructor(private readonly devices: DevicesService) {}

  /**
   * Registers a device for push, or registers it anew: at each start of the app, whether or not anything changed. It belongs
   * to the caller's session and goes with it; a token that another user had moves here. Of more than 25 the one that was
   * registered longest ago goes.
   */
  @Put(':deviceId')
  @RateLimit('devices')
  @ApiParam(DEVICE_ID)
  @ApiOkResponse({ type: DeviceView })
  register(
    @CurrentPrincipal() principal: Principal,
    @Param('deviceId', NewDeviceIdPipe) deviceId: string,
    @Body() body: RegisterDeviceDto,
  ): Promise<DeviceView> {
    return this.devices.register(principal, deviceId, body);
  }

  /** The caller's devices, of all its sessions, the newest first. */
  @Get()
  @ApiPage(DeviceView)
  list(@CurrentPrincipal() principal: Principal, @Query() query: PageQuery): Promise<Page<DeviceView>> {
    return this.devices.list(principal, query);
  }

  /** Ends push to one of them. */
  @Delete(':deviceId')
  @HttpCode(HttpStatus.NO_CONTENT)
  @ApiParam(DEVICE_ID)
  @ApiNoContentResponse()
  @ApiErrors('NOT_FOUND')
  remove(@CurrentPrincipal() principal: Principal, @Param('deviceId', DeviceIdPipe) deviceId: string): Promise<void> {
    return this.devices.remove(principal, deviceId);
  }

  /** What was decided for one of them in the last 24 hours, the newest first: why it rang, or did not. */
  @Get(':deviceId/log')
  @ApiParam(DEVICE_ID)
  @ApiPage(DeviceLogEntryView)
  @ApiErrors('NOT_FOUND')
  log(
    @CurrentPrincipal() principal: Principal,
    @Param('deviceId', DeviceIdPipe) deviceId: string,
    @Query() query: PageQuery,
  ): Promise<Page<DeviceLogEntryView>> {
    return this.devices.log(principal, deviceId, query);
  }
}
