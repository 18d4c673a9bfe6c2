import { type DynamicModule, Module, type OnModuleInit } from '@nestjs/common';
import { APP_INTERCEPTOR, HttpAdapterHost } from '@nestjs/core';
import { type Application } from 'express';
import { ClientAddress } from './client-address.js';
import { FailedAttempts } from './failed-attempts.js';
import { type RateLimitConfig } from './rate-limit.config.js';
import { RateLimitInterceptor } from './rate-limit.interceptor.js';
import { RateLimiter } from './rate-limiter.js';

/** Unknown keys that one address may try in a minute. */
const failedKeysPerMinute = 10;

/** Limits every HTTP handler. Gateways declare the interceptor themselves and import the module that `forRoot` gave. */
@Module({})
export class RateLimitModule implements OnModuleInit {
  static forRoot(config: RateLimitConfig): DynamicModule {
    return {
      module: RateLimitModule,
      providers: [
        { provide: ClientAddress, useValue: new ClientAddress(config.TRUST_PROXY) },
        {
          provide: RateLimiter,
          useFactory: () =>
            new RateLimiter({
              http: config.RATE_LIMIT_HTTP_PER_MINUTE,
              socket: config.RATE_LIMIT_SOCKET_PER_MINUTE,
              join: config.RATE_LIMIT_JOINS_PER_MINUTE,
              publish: config.RATE_LIMIT_PUBLISH_PER_MINUTE,
              'failed-key': failedKeysPerMinute,
            }),
        },
        {
          provide: FailedAttempts,
          useFactory: (limiter: RateLimiter) => new FailedAttempts(limiter),
          inject: [RateLimiter],
        },
        { provide: APP_INTERCEPTOR, useClass: RateLimitInterceptor },
      ],
      exports: [ClientAddress, RateLimiter, FailedAttempts],
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
