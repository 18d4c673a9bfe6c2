import { SetMetadata } from '@nestjs/common';
import { type RateBucket } from './rate-limiter.js';

export const rateBucketKey = 'guildcast:rate-bucket';

/**
 * Chooses the bucket a handler, or all handlers of a class, take from; `none` counts nothing. Without it requests take
 * from `http` and messages on sockets from `socket`.
 */
export function RateLimit(bucket: RateBucket | 'none'): MethodDecorator & ClassDecorator {
  return SetMetadata<string, RateBucket | 'none'>(rateBucketKey, bucket);
}
