import { Module } from '@nestjs/common';
import { Metrics } from './metrics.js';

/** For every feature that measures something: wherever it is imported, it is the same `Metrics` of the application. */
@Module({ providers: [Metrics], exports: [Metrics] })
export class MetricsModule {}
