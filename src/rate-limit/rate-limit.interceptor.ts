import { type IncomingHttpHeaders } from 'node:http';
import { type CallHandler, type ExecutionContext, Injectable, type NestInterceptor } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { type Request, type Response } from 'express';
import { type Observable } from 'rxjs';
import { Fault } from '../domain/fault.js';
import { addressGroup, ClientAddress } from './client-address.js';
import { rateBucketKey } from './rate-limit.decorator.js';
import { type RateBucket, RateLimiter, type RateVerdict } from './rate-limiter.js';

/** What a guard may have found out about the caller before. */
interface MaybeKeyed {
  apiKey?: { id: string };
}

/** The part of a socket.io socket that is needed here. */
interface HandshakenSocket {
  handshake: { address: string; headers: IncomingHttpHeaders };
}

/**
 * Takes a point for every request and, on gateways that are decorated with it, for every message. Refuses with the
 * fault `rate.limited`. A caller with a key is counted by the key, wherever it calls from.
 */
@Injectable()
export class RateLimitInterceptor implements NestInterceptor {
  constructor(
    private readonly reflector: Reflector,
    private readonly limiter: RateLimiter,
    private readonly addresses: ClientAddress,
  ) {}

  async intercept(context: ExecutionContext, next: CallHandler): Promise<Observable<unknown>> {
    const chosen = this.reflector.getAllAndOverride<RateBucket | 'none' | undefined>(rateBucketKey, [
      context.getHandler(),
      context.getClass(),
    ]);
    if (chosen === 'none') return next.handle();
    const verdict =
      context.getType() === 'ws'
        ? await this.limitMessage(context, chosen ?? 'socket')
        : await this.limitRequest(context, chosen ?? 'http');
    if (!verdict.allowed) {
      throw new Fault('rate.limited', `At most ${verdict.limit} per minute. Wait, then try again.`, {
        retryAfter: verdict.retryAfter,
      });
    }
    return next.handle();
  }

  private async limitRequest(context: ExecutionContext, bucket: RateBucket): Promise<RateVerdict> {
    const request = context.switchToHttp().getRequest<Request & MaybeKeyed>();
    const response = context.switchToHttp().getResponse<Response>();
    const client = request.apiKey
      ? `key ${request.apiKey.id}`
      : addressGroup(this.addresses.of(request.socket.remoteAddress, request.headers));
    const verdict = await this.limiter.take(bucket, client);
    response.setHeader('RateLimit-Limit', verdict.limit);
    response.setHeader('RateLimit-Remaining', verdict.remaining);
    response.setHeader('RateLimit-Reset', verdict.resetSeconds);
    return verdict;
  }

  private limitMessage(context: ExecutionContext, bucket: RateBucket): Promise<RateVerdict> {
    const { handshake } = context.switchToWs().getClient<HandshakenSocket>();
    return this.limiter.take(bucket, addressGroup(this.addresses.of(handshake.address, handshake.headers)));
  }
}
