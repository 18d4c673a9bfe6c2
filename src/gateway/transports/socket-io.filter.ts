import { type ArgumentsHost, Catch, type ExceptionFilter } from '@nestjs/common';
import { type Socket } from 'socket.io';
import { wireFault } from '../wire-fault.js';

/**
 * Answers a failed message: through its acknowledgement if it asked for one, else as an `error` message. Nest's own
 * filter never acknowledges, so that a client would wait for ever.
 */
@Catch()
export class SocketIoFilter implements ExceptionFilter {
  catch(error: unknown, host: ArgumentsHost): void {
    const answer = { error: wireFault(error) };
    const acknowledge: unknown = host.getArgs<unknown[]>().find((argument) => typeof argument === 'function');
    if (typeof acknowledge === 'function') (acknowledge as (answer: unknown) => void)(answer);
    else host.switchToWs().getClient<Socket>().emit('error', answer);
  }
}
