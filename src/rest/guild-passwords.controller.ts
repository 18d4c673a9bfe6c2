import { Body, Controller, Delete, HttpCode, Param, Put } from '@nestjs/common';
import { ApiNoContentResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { createZodDto } from 'nestjs-zod';
import { z } from 'zod';
import { RequireScope } from '../access/require-scope.decorator.js';
import { Fault } from '../domain/fault.js';
import { isSnowflake } from '../domain/snowflake.js';
import { GuildPasswords, longestPassword, shortestPassword } from '../doors/guild-passwords.js';
import { GuildDirectory } from '../gateway/guild-directory.js';

class Password extends createZodDto(
  z.strictObject({ password: z.string().min(shortestPassword).max(longestPassword) }),
) {}

/** The passwords that open guarded guilds. They are set and removed; nobody can read one. */
@ApiTags('admin')
@RequireScope('admin')
@Controller('api/v1/admin/guilds/:guild/password')
export class GuildPasswordsController {
  constructor(
    private readonly directory: GuildDirectory,
    private readonly passwords: GuildPasswords,
  ) {}

  @Put()
  @HttpCode(204)
  @ApiOperation({
    summary: 'Set the password that opens a guild whose door is `password`',
    description: 'By id or alias. Those who are inside by another password are let out within seconds.',
  })
  @ApiNoContentResponse()
  async set(@Param('guild') guild: string, @Body() { password }: Password): Promise<void> {
    await this.passwords.set(await this.idOf(guild), password);
  }

  @Delete()
  @HttpCode(204)
  @ApiOperation({
    summary: 'Take the password away: nobody enters by one any more',
    description: 'By id or alias. Those who are inside by it are let out within seconds.',
  })
  @ApiNoContentResponse()
  async remove(@Param('guild') guild: string): Promise<void> {
    if (await this.passwords.remove(await this.idOf(guild))) return;
    throw new Fault('resource.not_found', 'This guild has no password.');
  }

  /** An id is taken also of a guild that is not shown now: its password may be set before it is. */
  private async idOf(guild: string): Promise<string> {
    const id = (await this.directory.find(guild))?.id ?? guild;
    if (!isSnowflake(id)) throw new Fault('guild.not_found', 'There is no such guild.');
    return id;
  }
}
