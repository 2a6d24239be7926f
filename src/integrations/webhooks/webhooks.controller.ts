import { Body, Controller, Delete, Get, HttpCode, HttpStatus, Ip, Param, Patch, Post, Query } from '@nestjs/common';
import {
  ApiAcceptedResponse,
  ApiBearerAuth,
  ApiCreatedResponse,
  ApiNoContentResponse,
  ApiOkResponse,
  ApiTags,
} from '@nestjs/swagger';
import { type Page, PageQuery } from '../../common/pagination.js';
import type { Principal } from '../../common/access/principal.js';
import { ApiErrors } from '../../http/decorators/api-errors.decorator.js';
import { ApiPage } from '../../http/decorators/api-page.decorator.js';
import { CurrentPrincipal } from '../../http/decorators/current-principal.decorator.js';
import { IdPipe } from '../../http/id.pipe.js';
import { KeyScope } from '../../http/decorators/key-scope.decorator.js';
import { RequireRole } from '../../http/decorators/require-role.decorator.js';
import { RateLimit } from '../../limits/rates/rate-limit.guard.js';
import { Gated } from '../../limits/gate.interceptor.js';
import { CreateWebhookDto, UpdateWebhookDto } from './dto/webhooks.dto.js';
import { Webhooks } from './webhooks.js';
import { NewWebhookView, WebhookDeliveryView, WebhookView } from './webhooks.view.js';

@ApiTags('admin')
@ApiBearerAuth()
@Gated()
@RequireRole('ADMIN')
@KeyScope('webhooks:write', 'maker')
@Controller('admin/webhooks')
export class WebhooksController {
  constructor(private readonly webhooks: Webhooks) {}

  /** Makes a webhook. The secret that receivers verify with is in this answer and nowhere else. */
  @Post()
  @ApiCreatedResponse({ type: NewWebhookView })
  @ApiErrors('NOT_FOUND', 'LIMIT_REACHED')
  create(
    @CurrentPrincipal() principal: Principal,
    @Body() body: CreateWebhookDto,
    @Ip() ip?: string,
  ): Promise<NewWebhookView> {
    return this.webhooks.create(principal, body, ip);
  }

  /** The webhooks that there are, the newest first. */
  @Get()
  @ApiPage(WebhookView)
  @ApiErrors('NOT_FOUND')
  list(@Query() query: PageQuery): Promise<Page<WebhookView>> {
    return this.webhooks.list(query);
  }

  /** Changes where a webhook leads or what it is sent, disables it, or enables it again. */
  @Patch(':id')
  @ApiOkResponse({ type: WebhookView })
  @ApiErrors('NOT_FOUND')
  update(
    @CurrentPrincipal() principal: Principal,
    @Param('id', IdPipe) id: string,
    @Body() body: UpdateWebhookDto,
    @Ip() ip?: string,
  ): Promise<WebhookView> {
    return this.webhooks.update(principal, id, body, ip);
  }

  /** Removes a webhook, with what waits for it and what was sent. */
  @Delete(':id')
  @HttpCode(HttpStatus.NO_CONTENT)
  @ApiNoContentResponse()
  @ApiErrors('NOT_FOUND')
  remove(@CurrentPrincipal() principal: Principal, @Param('id', IdPipe) id: string, @Ip() ip?: string): Promise<void> {
    return this.webhooks.remove(principal, id, ip);
  }

  /**
   * Gives a webhook another secret, which is in this answer and nowhere else. For 24 hours what is sent carries a signature by the
   * former one too, so that no delivery fails while the receiver changes over.
   */
  @Post(':id/rotate-secret')
  @HttpCode(HttpStatus.OK)
  @ApiOkResponse({ type: NewWebhookView })
  @ApiErrors('NOT_FOUND', 'LIMIT_REACHED')
  rotateSecret(
    @CurrentPrincipal() principal: Principal,
    @Param('id', IdPipe) id: string,
    @Ip() ip?: string,
  ): Promise<NewWebhookView> {
    return this.webhooks.rotateSecret(principal, id, ip);
  }

  /** Sends a `webhook.test` at once, once, and answers how it went. */
  @Post(':id/test')
  @RateLimit('webhookTests')
  @HttpCode(HttpStatus.OK)
  @ApiOkResponse({ type: WebhookDeliveryView })
  @ApiErrors('NOT_FOUND')
  test(
    @CurrentPrincipal() principal: Principal,
    @Param('id', IdPipe) id: string,
    @Ip() ip?: string,
  ): Promise<WebhookDeliveryView> {
    return this.webhooks.test(principal, id, ip);
  }

  /** What was sent in the last 14 days, or is to be, the newest first. */
  @Get(':id/deliveries')
  @ApiPage(WebhookDeliveryView)
  @ApiErrors('NOT_FOUND')
  deliveries(@Param('id', IdPipe) id: string, @Query() query: PageQuery): Promise<Page<WebhookDeliveryView>> {
    return this.webhooks.deliveries(id, query);
  }

  /** Sends one of them again, under the same `webhook-id`. */
  @Post(':id/deliveries/:deliveryId/redeliver')
  @HttpCode(HttpStatus.ACCEPTED)
  @ApiAcceptedResponse({ type: WebhookDeliveryView })
  @ApiErrors('NOT_FOUND', 'MESSAGE_DELETED')
  redeliver(
    @CurrentPrincipal() principal: Principal,
    @Param('id', IdPipe) id: string,
    @Param('deliveryId', IdPipe) deliveryId: string,
    @Ip() ip?: string,
  ): Promise<WebhookDeliveryView> {
    return this.webhooks.redeliver(principal, id, deliveryId, ip);
  }
}
