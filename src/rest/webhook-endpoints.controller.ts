import { Body, Controller, Delete, Get, Header, HttpCode, Param, Patch, Post, Res } from '@nestjs/common';
import {
  ApiAcceptedResponse,
  ApiConflictResponse,
  ApiCreatedResponse,
  ApiNoContentResponse,
  ApiNotFoundResponse,
  ApiOkResponse,
  ApiOperation,
  ApiTags,
} from '@nestjs/swagger';
import { type Response } from 'express';
import { type ApiKey } from '../access/api-keys.js';
import { CallerKey } from '../access/caller-key.decorator.js';
import { RequireScope } from '../access/require-scope.decorator.js';
import { Fault } from '../domain/fault.js';
import { type WebhookEndpointEntity } from '../queue/endpoints/webhook-endpoint.entity.js';
import { type EndpointWithSecret, WebhookEndpoints } from '../queue/endpoints/webhook-endpoints.js';
import { NotificationQueue } from '../queue/notification-queue.js';
import { RateLimit } from '../rate-limit/rate-limit.decorator.js';
import { AcceptedNotificationDto } from './notifications.dto.js';
import {
  NewWebhookEndpoint,
  WebhookEndpointChange,
  WebhookEndpointDto,
  WebhookEndpointList,
  WebhookEndpointWithSecret,
  WebhookSecretRotation,
} from './webhook-endpoints.dto.js';

const path = 'api/v1/admin/webhook-endpoints';

/** Servers of others that take notifications as signed requests. */
@ApiTags('admin')
@RequireScope('admin')
@Controller(path)
export class WebhookEndpointsController {
  constructor(
    private readonly endpoints: WebhookEndpoints,
    private readonly queue: NotificationQueue,
  ) {}

  @Post()
  @Header('Cache-Control', 'private, no-store')
  @ApiOperation({
    summary: 'Make a server known that takes notifications',
    description: 'The answer holds the secret that its requests are signed with. It is not shown again.',
  })
  @ApiCreatedResponse({ type: WebhookEndpointWithSecret })
  @ApiConflictResponse({ description: 'There are as many as there may be.' })
  async create(
    @Body() { url, description }: NewWebhookEndpoint,
    @Res({ passthrough: true }) response: Response,
  ): Promise<WebhookEndpointWithSecret> {
    const created = await this.endpoints.create(url, description);
    response.setHeader('Location', `/${path}/${created.endpoint.id}`);
    return withSecret(created);
  }

  @Get()
  @Header('Cache-Control', 'private, no-store')
  @ApiOperation({ summary: 'All endpoints, oldest first' })
  @ApiOkResponse({ type: WebhookEndpointList })
  async list(): Promise<WebhookEndpointList> {
    return { endpoints: (await this.endpoints.list()).map(shown) };
  }

  @Get(':id')
  @Header('Cache-Control', 'private, no-store')
  @ApiOperation({ summary: 'One endpoint' })
  @ApiOkResponse({ type: WebhookEndpointDto })
  @ApiNotFoundResponse({ description: 'There is no such endpoint.' })
  async read(@Param('id') id: string): Promise<WebhookEndpointDto> {
    return shown(await this.endpoints.get(id));
  }

  @Patch(':id')
  @ApiOperation({
    summary: 'Change the address, the description, or switch it off and on',
    description: 'It counts with the next try, also of notifications that wait.',
  })
  @ApiOkResponse({ type: WebhookEndpointDto })
  @ApiNotFoundResponse({ description: 'There is no such endpoint.' })
  async change(@Param('id') id: string, @Body() change: WebhookEndpointChange): Promise<WebhookEndpointDto> {
    return shown(await this.endpoints.change(id, change));
  }

  @Post(':id/rotate')
  @HttpCode(200)
  @Header('Cache-Control', 'private, no-store')
  @ApiOperation({
    summary: 'Make a new secret',
    description: 'The answer holds it, this once. Until the former ones end, requests have a signature of each.',
  })
  @ApiOkResponse({ type: WebhookEndpointWithSecret })
  @ApiNotFoundResponse({ description: 'There is no such endpoint.' })
  @ApiConflictResponse({ description: 'Too many secrets are good at once.' })
  async rotate(
    @Param('id') id: string,
    @Body() { overlapSeconds }: WebhookSecretRotation,
  ): Promise<WebhookEndpointWithSecret> {
    return withSecret(await this.endpoints.rotate(id, overlapSeconds));
  }

  @Delete(':id')
  @HttpCode(204)
  @ApiOperation({ summary: 'Forget an endpoint and its secrets', description: 'What waits for it ends as dead.' })
  @ApiNoContentResponse()
  @ApiNotFoundResponse({ description: 'There is no such endpoint.' })
  async remove(@Param('id') id: string): Promise<void> {
    await this.endpoints.remove(id);
  }

  @Post(':id/test')
  @HttpCode(202)
  @RateLimit('publish')
  @ApiOperation({
    summary: 'Send it a notification of type `ping`',
    description: 'By the queue, as any other: its state tells what became of it.',
  })
  @ApiAcceptedResponse({ type: AcceptedNotificationDto })
  @ApiNotFoundResponse({ description: 'There is no such endpoint.' })
  @ApiConflictResponse({ description: 'It is switched off.' })
  async test(
    @Param('id') id: string,
    @CallerKey() caller: ApiKey,
    @Res({ passthrough: true }) response: Response,
  ): Promise<AcceptedNotificationDto> {
    const { enabled } = await this.endpoints.get(id);
    if (!enabled) throw new Fault('request.conflict', 'This endpoint is switched off.');
    const ping = { target: { endpoint: id }, type: 'ping', payload: { message: 'A test of this endpoint.' } };
    const published = await this.queue.publish({ ...ping, publisher: caller.id });
    const self = `/api/v1/notifications/${published.id}`;
    response.setHeader('Location', self);
    return { id: published.id, state: published.state, links: { self } };
  }
}

function shown(endpoint: WebhookEndpointEntity): WebhookEndpointDto {
  const { id, url, description, enabled, disabledReason, disabledAt, createdAt, updatedAt, secrets } = endpoint;
  return {
    ...{ id, url, description, enabled, disabledReason },
    disabledAt: disabledAt?.toISOString() ?? null,
    createdAt: createdAt.toISOString(),
    updatedAt: updatedAt.toISOString(),
    secrets: secrets.map((secret) => ({
      fingerprint: secret.fingerprint,
      createdAt: secret.createdAt.toISOString(),
      expiresAt: secret.expiresAt?.toISOString() ?? null,
    })),
  };
}

function withSecret({ endpoint, secret }: EndpointWithSecret): WebhookEndpointWithSecret {
  return { ...shown(endpoint), secret };
}
