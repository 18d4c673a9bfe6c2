import { type CallHandler, type ExecutionContext, Injectable, type NestInterceptor } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { type Observable } from 'rxjs';
import { CallerRate, type HandshakenSocket } from './caller-rate.js';
import { rateBucketKey } from './rate-limit.decorator.js';
import { type RateBucket } from './rate-limiter.js';

/**
 * Takes a point for every request and, on gateways that are decorated with it, for every message. Refuses with the
 * fault `rate.limited`.
 */
@Injectable()
export class RateLimitInterceptor implements NestInterceptor {
  constructor(
    private readonly reflector: Reflector,
    private readonly rate: CallerRate,
  ) {}

  async intercept(context: ExecutionContext, next: CallHandler): Promise<Observable<unknown>> {
    const chosen = this.reflector.getAllAndOverride<RateBucket | 'none' | undefined>(rateBucketKey, [
      context.getHandler(),
      context.getClass(),
    ]);
    if (chosen === 'none') return next.handle();
    if (context.getType() === 'ws') {
      await this.rate.takeMessage(chosen ?? 'socket', context.switchToWs().getClient<HandshakenSocket>());
    } else {
      const http = context.switchToHttp();
      await this.rate.takeRequest(chosen ?? 'http', http.getRequest(), http.getResponse());
    }
    return next.handle();
  }
}
