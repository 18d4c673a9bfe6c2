import { Body, Controller, Delete, Get, Header, HttpCode, Param, Post, Put, Res } from '@nestjs/common';
import {
  ApiConflictResponse,
  ApiCreatedResponse,
  ApiNoContentResponse,
  ApiNotFoundResponse,
  ApiOkResponse,
  ApiOperation,
  ApiTags,
} from '@nestjs/swagger';
import { type Response } from 'express';
import { RequireScope } from '../access/require-scope.decorator.js';
import { Fault } from '../domain/fault.js';
import { GuildDirectory } from '../gateway/guild-directory.js';
import { hookOf } from '../queue/hooks/hook-registry.js';
import { NotificationRoutes } from '../queue/routes/notification-routes.js';
import { type Route } from '../queue/routes/route.repository.js';
import { HookSecretBody, RouteBody, RouteDto, RouteListDto, RouteParams } from './routes.dto.js';

const notThere = { description: 'There is no such route.' };

/** Names for where and how notifications go. Secrets go in, and never out. */
@ApiTags('admin')
@RequireScope('admin')
@Controller('api/v1/admin/routes')
export class RoutesController {
  constructor(
    private readonly routes: NotificationRoutes,
    private readonly directory: GuildDirectory,
  ) {}

  @Get()
  @Header('Cache-Control', 'private, no-store')
  @ApiOperation({ summary: 'All routes, by their names' })
  @ApiOkResponse({ type: RouteListDto })
  async list(): Promise<RouteListDto> {
    return { routes: (await this.routes.all()).map(answerOf) };
  }

  @Get(':name')
  @Header('Cache-Control', 'private, no-store')
  @ApiOperation({ summary: 'One route' })
  @ApiOkResponse({ type: RouteDto })
  @ApiNotFoundResponse(notThere)
  async read(@Param('name') name: string): Promise<RouteDto> {
    return answerOf(await this.routes.get(name));
  }

  @Put(':name')
  @ApiOperation({
    summary: 'Create a route, or replace it',
    description: 'Notifications that are stored keep where they go. A pause and the secrets of hooks stay.',
  })
  @ApiOkResponse({ type: RouteDto })
  @ApiCreatedResponse({ type: RouteDto })
  @ApiConflictResponse({ description: 'There are as many routes as there may be.' })
  async write(
    @Param() { name }: RouteParams,
    @Body() body: RouteBody,
    @Res({ passthrough: true }) response: Response,
  ): Promise<RouteDto> {
    if (body.guildId !== undefined && !(await this.directory.find(body.guildId))) {
      const message = 'there is no such guild here';
      throw new Fault('request.invalid', `guildId: ${message}`, { errors: [{ path: 'guildId', message }] });
    }
    const { route, created } = await this.routes.save(name, body);
    response.status(created ? 201 : 200);
    return answerOf(route);
  }

  @Delete(':name')
  @HttpCode(204)
  @ApiOperation({ summary: 'Forget a route', description: 'Notifications that are on their way still arrive.' })
  @ApiNoContentResponse()
  @ApiNotFoundResponse(notThere)
  @ApiConflictResponse({ description: 'It is paused, and notifications wait for it.' })
  async remove(@Param('name') name: string): Promise<void> {
    await this.routes.remove(name);
  }

  @Post(':name/pause')
  @HttpCode(200)
  @ApiOperation({
    summary: 'Hold back what goes by a route',
    description: 'Notifications are taken as before and wait. One that is being sent at the moment still goes out.',
  })
  @ApiOkResponse({ type: RouteDto })
  @ApiNotFoundResponse(notThere)
  async pause(@Param('name') name: string): Promise<RouteDto> {
    return answerOf(await this.routes.pause(name));
  }

  @Post(':name/resume')
  @HttpCode(200)
  @ApiOperation({ summary: 'Let go what waits for a route' })
  @ApiOkResponse({ type: RouteDto })
  @ApiNotFoundResponse(notThere)
  async resume(@Param('name') name: string): Promise<RouteDto> {
    return answerOf(await this.routes.resume(name));
  }

  @Put(':name/hooks/:kind')
  @HttpCode(204)
  @ApiOperation({
    summary: 'Set the secret with which the sender of a kind of hook signs',
    description:
      'It is good at once. The one before is good for overlapSeconds more, so that its sender may be changed meanwhile; ' +
      'the one before that ends.',
  })
  @ApiNoContentResponse()
  @ApiNotFoundResponse({ description: 'There is no such route, or no such kind of hook.' })
  async keepSecret(
    @Param('name') name: string,
    @Param('kind') kind: string,
    @Body() { secret, overlapSeconds }: HookSecretBody,
  ): Promise<void> {
    if (!hookOf(kind).signature) {
      throw new Fault('request.invalid', `The sender ${kind} signs nothing: it needs a key with the scope publish.`);
    }
    await this.routes.keepHookSecret(name, kind, secret, overlapSeconds);
  }

  @Delete(':name/hooks/:kind')
  @HttpCode(204)
  @ApiOperation({ summary: 'Forget that secret, and the one before: signatures by them count no more' })
  @ApiNoContentResponse()
  @ApiNotFoundResponse({ description: 'There is no such route, or no such kind of hook.' })
  async forgetSecret(@Param('name') name: string, @Param('kind') kind: string): Promise<void> {
    await this.routes.forgetHookSecrets(name, hookOf(kind).name);
  }
}

function answerOf({ pausedAt, createdAt, updatedAt, formerHookSecrets, ...route }: Route): RouteDto {
  return {
    ...route,
    formerHookSecrets: formerHookSecrets.map(({ kind, until }) => ({ kind, until: new Date(until).toISOString() })),
    paused: pausedAt !== null,
    pausedAt: pausedAt?.toISOString() ?? null,
    createdAt: createdAt.toISOString(),
    updatedAt: updatedAt.toISOString(),
  };
}
