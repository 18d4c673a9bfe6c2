import { Global, Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { AlertRuleEntity } from './alert-rule.entity.js';
import { AlertRuleStore } from './alert-rule.store.js';
import { GuildDoors } from './guild-doors.js';
import { GuildSettings } from './guild-settings.entity.js';
import { GuildSettingsStore } from './guild-settings.js';
import { HiddenMembers } from './hidden-members.js';
import { MemberHiding } from './member-hiding.js';
import { ShownFilters } from './shown-filters.js';

const parts = [
  GuildDoors,
  GuildSettingsStore,
  AlertRuleStore,
  HiddenMembers,
  { provide: MemberHiding, useExisting: HiddenMembers },
  ShownFilters,
];

/** Global, since sources may ask what an operator wants shown; they work without it too. */
@Global()
@Module({
  imports: [TypeOrmModule.forFeature([GuildSettings, AlertRuleEntity])],
  providers: parts,
  exports: [...parts],
})
export class GuildsModule {}
