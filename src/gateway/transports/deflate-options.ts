import { type PerMessageDeflateOptions } from 'ws';

/**
 * permessage-deflate as it is offered here. Nothing is kept between messages, which costs memory for each client, and
 * the library itself never compresses: what is worth it, we compress once for everybody.
 */
export const deflateOptions: PerMessageDeflateOptions = {
  serverNoContextTakeover: true,
  clientNoContextTakeover: true,
  threshold: Number.MAX_SAFE_INTEGER,
};
