import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { GuildDoors } from './guild-doors.js';
import { GuildSettings } from './guild-settings.entity.js';
import { GuildSettingsStore } from './guild-settings.js';

@Module({
  imports: [TypeOrmModule.forFeature([GuildSettings])],
  providers: [GuildDoors, GuildSettingsStore],
  exports: [GuildDoors, GuildSettingsStore],
})
export class GuildsModule {}
