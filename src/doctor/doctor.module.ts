import { type DynamicModule, Module, type ModuleMetadata } from '@nestjs/common';
import { type DatabaseConnection } from '../database/database-connection.js';
import { DiscordStatus } from '../discord/discord-status.js';
import { ProviderChain } from '../providers/provider-chain.js';
import { DoctorController } from './doctor.controller.js';
import { type DoctorConfig } from './installation.js';
import { RunningInstallation } from './running-installation.js';

export interface DoctorOptions {
  connection: DatabaseConnection;
  /** The modules of Discord and of the data sources. */
  imports: NonNullable<ModuleMetadata['imports']>;
}

/** `GET /api/v1/admin/doctor`. */
@Module({})
export class DoctorModule {
  static forRoot(config: DoctorConfig, { connection, imports }: DoctorOptions): DynamicModule {
    return {
      module: DoctorModule,
      imports,
      controllers: [DoctorController],
      providers: [
        {
          provide: RunningInstallation,
          useFactory: (status: DiscordStatus, chain: ProviderChain) =>
            new RunningInstallation(config, connection.url, status, chain),
          inject: [DiscordStatus, ProviderChain],
        },
      ],
    };
  }
}
