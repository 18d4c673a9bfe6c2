import { readFileSync } from 'node:fs';
import { Controller, Get, Param, Req, Res } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import { type Request, type Response } from 'express';
import { z } from 'zod';
import { Public } from '../access/public.decorator.js';
import { Fault } from '../domain/fault.js';
import { RateLimit } from '../rate-limit/rate-limit.decorator.js';
import { ConsoleFiles } from './console-files.js';
import { EndpointList } from './endpoint-list.js';

/** The package's own description is two folders up in the sources and in the built program alike. */
const description = z
  .object({ name: z.string(), version: z.string() })
  .parse(JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')));

/** The page for people, and a list of what there is for programs that ask for JSON. */
@ApiExcludeController()
@Controller()
@Public()
@RateLimit('none')
export class ConsoleController {
  constructor(
    private readonly files: ConsoleFiles,
    private readonly endpoints: EndpointList,
  ) {}

  @Get()
  index(@Req() request: Request, @Res() response: Response): void {
    response.vary('Accept');
    if (request.accepts(['html', 'json']) !== 'json') return this.send('index.html', response);
    const { name, version } = description;
    response.json({ service: name, version, endpoints: this.endpoints.all() });
  }

  @Get('console/:file')
  file(@Param('file') name: string, @Res() response: Response): void {
    this.send(name, response);
  }

  /** Modules that the page shares with `guildcast/client`. */
  @Get('console/:folder/:file')
  module(@Param('folder') folder: string, @Param('file') name: string, @Res() response: Response): void {
    this.send(`${folder}/${name}`, response);
  }

  /** Express answers 304 where `If-None-Match` names the tag. */
  private send(name: string, response: Response): void {
    const file = this.files.find(name);
    if (!file) throw new Fault('resource.not_found', 'The console has no such file.');
    response.set({
      'Content-Type': file.contentType,
      ETag: file.etag,
      // Asked again each time: after an upgrade the modules must not come from two versions.
      'Cache-Control': 'no-cache',
      'X-Content-Type-Options': 'nosniff',
    });
    response.send(file.body);
  }
}
