import { type IncomingHttpHeaders } from 'node:http';
import { Injectable } from '@nestjs/common';
import { type Request, type Response } from 'express';
import { Fault } from '../domain/fault.js';
import { addressGroup, ClientAddress } from './client-address.js';
import { type RateBucket, RateLimiter, type RateVerdict } from './rate-limiter.js';

/** A request of whose caller a guard may have found something out before. */
export interface CountedRequest extends Request {
  apiKey?: { id: string };
}

/** The part of a socket.io socket that is needed here. */
export interface HandshakenSocket {
  handshake: { address: string; headers: IncomingHttpHeaders };
}

/**
 * What callers pay for what they ask. One with a key is counted by the key, wherever it calls from. All methods: Fault
 * `rate.limited`.
 */
@Injectable()
export class CallerRate {
  constructor(
    private readonly limiter: RateLimiter,
    private readonly addresses: ClientAddress,
  ) {}

  async takeRequest(bucket: RateBucket, request: CountedRequest, response: Response): Promise<void> {
    refuseTooFast(await this.count(bucket, 1, request, response));
  }

  async takeMessage(bucket: RateBucket, { handshake }: HandshakenSocket): Promise<void> {
    const address = this.addresses.of(handshake.address, handshake.headers);
    refuseTooFast(await this.limiter.take(bucket, addressGroup(address)));
  }

  /**
   * What a request costs that holds so many items, beside the point that was taken for it. More than there are in a whole
   * minute cost the whole minute. What is refused costs nothing more.
   */
  async takeItems(bucket: RateBucket, items: number, request: CountedRequest, response: Response): Promise<void> {
    const cost = Math.min(items, this.limiter.limitOf(bucket));
    if (cost <= 1) return;
    const { allowed, limit, remaining, retryAfter } = await this.count(bucket, cost - 1, request, response);
    if (allowed) return;
    const message = `This costs ${cost} of ${limit} per minute, and there are ${remaining + 1} left. Wait, or send fewer.`;
    throw new Fault('rate.limited', message, { retryAfter });
  }

  private async count(
    bucket: RateBucket,
    points: number,
    request: CountedRequest,
    response: Response,
  ): Promise<RateVerdict> {
    const client = request.apiKey
      ? `key ${request.apiKey.id}`
      : addressGroup(this.addresses.of(request.socket.remoteAddress, request.headers));
    const verdict = await this.limiter.take(bucket, client, points);
    response.setHeader('RateLimit-Limit', verdict.limit);
    response.setHeader('RateLimit-Remaining', verdict.remaining);
    response.setHeader('RateLimit-Reset', verdict.resetSeconds);
    return verdict;
  }
}

function refuseTooFast({ allowed, limit, retryAfter }: RateVerdict): void {
  if (!allowed) throw new Fault('rate.limited', `At most ${limit} per minute. Wait, then try again.`, { retryAfter });
}
