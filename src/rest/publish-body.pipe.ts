import { type ArgumentMetadata, Injectable, type PipeTransform } from '@nestjs/common';
import { ZodValidationPipe } from 'nestjs-zod';
import { publishBatch, publishRequest } from '../queue/publish-request.js';

const one = new ZodValidationPipe(publishRequest);
const many = new ZodValidationPipe(publishBatch);

/** One notification or a batch of them. Read apart, so that whoever is refused hears of what they meant. */
@Injectable()
export class PublishBodyPipe implements PipeTransform {
  transform(body: unknown, metadata: ArgumentMetadata): unknown {
    return (Array.isArray(body) ? many : one).transform(body, metadata);
  }
}
