import { type DynamicModule, Module, type OnModuleInit } from '@nestjs/common';
import { APP_INTERCEPTOR, HttpAdapterHost } from '@nestjs/core';
import { type Application } from 'express';
import { Metrics } from '../telemetry/metrics.js';
import { MetricsModule } from '../telemetry/metrics.module.js';
import { CallerRate } from './caller-rate.js';
import { ClientAddress } from './client-address.js';
import { FailedAttempts } from './failed-attempts.js';
import { type RateLimitConfig } from './rate-limit.config.js';
import { RateLimitInterceptor } from './rate-limit.interceptor.js';
import { rateBuckets, RateLimiter } from './rate-limiter.js';

/** Unknown keys that one address may try in a minute. */
const failedKeysPerMinute = 10;

/** Limits every HTTP handler. Gateways declare the interceptor themselves and import the module that `forRoot` gave. */
@Module({})
export class RateLimitModule implements OnModuleInit {
  static forRoot(config: RateLimitConfig): DynamicModule {
    return {
      module: RateLimitModule,
      imports: [MetricsModule],
      providers: [
        { provide: ClientAddress, useValue: new ClientAddress(config.TRUST_PROXY) },
        {
          provide: RateLimiter,
          useFactory: (metrics: Metrics) => {
            const limits = {
              http: config.RATE_LIMIT_HTTP_PER_MINUTE,
              socket: config.RATE_LIMIT_SOCKET_PER_MINUTE,
              join: config.RATE_LIMIT_JOINS_PER_MINUTE,
              publish: config.RATE_LIMIT_PUBLISH_PER_MINUTE,
              'failed-key': failedKeysPerMinute,
            };
            const refusals = metrics.counter({
              name: 'guildcast_rate_limit_refusals_total',
              help: 'Requests, messages, joins and keys refused because their client was too fast.',
              labels: { bucket: rateBuckets },
            });
            return new RateLimiter(limits, undefined, (bucket) => refusals.inc({ bucket }));
          },
          inject: [Metrics],
        },
        {
          provide: FailedAttempts,
          useFactory: (limiter: RateLimiter) => new FailedAttempts(limiter),
          inject: [RateLimiter],
        },
        CallerRate,
        { provide: APP_INTERCEPTOR, useClass: RateLimitInterceptor },
      ],
      exports: [ClientAddress, CallerRate, RateLimiter, FailedAttempts],
    };
  }

  constructor(
    private readonly adapterHost: HttpAdapterHost,
    private readonly addresses: ClientAddress,
  ) {}

  /** Express is given the same trust, so that `request.ip` and the limiter never disagree about who calls. */
  onModuleInit(): void {
    const express = this.adapterHost.httpAdapter?.getInstance<Application>();
    express?.set('trust proxy', this.addresses.trust);
  }
}
