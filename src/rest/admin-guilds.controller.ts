import { Body, Controller, HttpCode, Param, Post } from '@nestjs/common';
import { ApiAcceptedResponse, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { createZodDto } from 'nestjs-zod';
import { z } from 'zod';
import { RequireScope } from '../access/require-scope.decorator.js';
import { Fault } from '../domain/fault.js';
import { snowflake } from '../domain/snowflake.js';
import { EventLog } from '../event-log/event-log.js';
import { type DirectoryEntry, GuildDirectory } from '../gateway/guild-directory.js';
import { RoomReconciler } from '../gateway/room-reconciler.js';

/** Bytes of an announcement as JSON: every client in the room gets them, and the log keeps them. */
const longestAnnouncement = 16_384;

const announcement = z.strictObject({
  /** Id or alias; left out, every guild that is shown. */
  guildId: z.string().min(1).max(128).optional(),
  data: z
    .record(z.string(), z.unknown())
    .refine((data) => Buffer.byteLength(JSON.stringify(data)) <= longestAnnouncement, {
      message: `must be at most ${longestAnnouncement} bytes of JSON`,
    }),
});
class Announcement extends createZodDto(announcement) {}

class Announced extends createZodDto(z.object({ guilds: z.array(snowflake) })) {}

class Refreshed extends createZodDto(z.object({ guildId: snowflake, changes: z.int().nonnegative() })) {}

/** What an operator does to rooms. */
@ApiTags('admin')
@RequireScope('admin')
@Controller('api/v1/admin')
export class AdminGuildsController {
  constructor(
    private readonly directory: GuildDirectory,
    private readonly reconciler: RoomReconciler,
    private readonly log: EventLog,
  ) {}

  @Post('guilds/:guild/refresh')
  @HttpCode(200)
  @ApiOperation({
    summary: 'Read a guild from its source again, now',
    description: 'By id or alias. What differs from what its room shows is sent into the room as events.',
  })
  @ApiOkResponse({ type: Refreshed })
  async refresh(@Param('guild') guild: string): Promise<Refreshed> {
    const { id } = await this.find(guild);
    return { guildId: id, changes: await this.reconciler.refresh(id) };
  }

  @Post('broadcast')
  @HttpCode(202)
  @ApiOperation({
    summary: 'Say something to everybody in a room, or in all of them',
    description: 'Clients get it as an event `announcement.created`. `data` is any JSON object, up to 16 KiB.',
  })
  @ApiAcceptedResponse({ type: Announced })
  async broadcast(@Body() { guildId, data }: Announcement): Promise<Announced> {
    const entries = guildId === undefined ? await this.directory.list() : [await this.find(guildId)];
    await Promise.all(
      entries.map(({ id }) => this.log.append({ type: 'announcement.created', guildId: id, data: { data } })),
    );
    return { guilds: entries.map(({ id }) => id) };
  }

  private async find(guild: string): Promise<DirectoryEntry> {
    const entry = await this.directory.find(guild);
    if (!entry) throw new Fault('guild.not_found', 'There is no such guild.');
    return entry;
  }
}
