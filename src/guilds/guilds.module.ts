import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { AlertRuleEntity } from './alert-rule.entity.js';
import { AlertRuleStore } from './alert-rule.store.js';
import { GuildDoors } from './guild-doors.js';
import { GuildSettings } from './guild-settings.entity.js';
import { GuildSettingsStore } from './guild-settings.js';

@Module({
  imports: [TypeOrmModule.forFeature([GuildSettings, AlertRuleEntity])],
  providers: [GuildDoors, GuildSettingsStore, AlertRuleStore],
  exports: [GuildDoors, GuildSettingsStore, AlertRuleStore],
})
export class GuildsModule {}
