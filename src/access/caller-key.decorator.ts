import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import { type Request } from 'express';
import { type ApiKey } from './api-keys.js';

/** A request as the access guard leaves it. `apiKey` is missing for a caller without a key. */
export interface KeyedRequest extends Request {
  apiKey?: ApiKey;
}

/** The caller's key, undefined on a public route that was called without one. */
export const CallerKey = createParamDecorator(
  (_data: undefined, context: ExecutionContext): ApiKey | undefined =>
    context.switchToHttp().getRequest<KeyedRequest>().apiKey,
);
