import { inspect } from 'node:util';
import { type ArgumentsHost, Catch, type ExceptionFilter, Logger } from '@nestjs/common';
import { type Request, type Response } from 'express';
import { problemOf, type Refusal, refusalOf } from './problem.js';
import { refusalFormAt } from './refusal-forms.js';

const unexpected: Refusal = {
  status: 500,
  code: 'service.failed',
  detail: 'The request could not be answered. The log of the service says more.',
};

/** Belong to the answer that did not come about. */
const staleHeaders = ['ETag', 'Age', 'X-Cache', 'Last-Modified', 'Content-Encoding', 'Content-Disposition'];

/**
 * Turns whatever went wrong on HTTP into problem details, or the form of the dialect that is spoken there. What nobody
 * meant to happen is logged, and told to nobody.
 */
@Catch()
export class ProblemFilter implements ExceptionFilter {
  private readonly logger = new Logger(ProblemFilter.name);

  catch(exception: unknown, host: ArgumentsHost): void {
    const request = host.switchToHttp().getRequest<Request>();
    const response = host.switchToHttp().getResponse<Response>();
    const refusal = refusalOf(exception);
    if (!refusal)
      this.logger.error(exception instanceof Error ? exception : new Error(`Thrown: ${inspect(exception)}`));
    if (response.headersSent) {
      // Too late for another answer. A clean end would make the half that was sent look whole.
      if (!response.writableEnded) response.destroy();
      return;
    }
    const path = request.originalUrl.split('?', 1)[0] ?? '';
    const problem = problemOf(refusal ?? unexpected, path);
    const form = refusalFormAt(path);
    for (const name of staleHeaders) response.removeHeader(name);
    response.status(problem.status);
    response.setHeader('Content-Type', form.contentType);
    response.setHeader('Cache-Control', 'no-store');
    if (problem.retryAfter !== undefined) response.setHeader('Retry-After', problem.retryAfter);
    response.end(JSON.stringify(form.write(problem)));
  }
}
