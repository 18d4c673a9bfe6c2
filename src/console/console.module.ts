import { Module } from '@nestjs/common';
import { DiscoveryModule } from '@nestjs/core';
import { ConsoleController } from './console.controller.js';
import { ConsoleFiles } from './console-files.js';
import { EndpointList } from './endpoint-list.js';

/** The live page at `/`: plain modules for the browser, served as they are written. */
@Module({
  imports: [DiscoveryModule],
  controllers: [ConsoleController],
  providers: [ConsoleFiles, EndpointList],
})
export class ConsoleModule {}
