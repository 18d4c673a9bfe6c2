import { applyDecorators } from '@nestjs/common';
import { ApiBasicAuth, ApiDefaultResponse } from '@nestjs/swagger';
import { AllowBasicKey } from '../../access/basic-key.decorator.js';
import { RefusalDto } from './event-queue.dto.js';

/** What all addresses of the event queue have in common: keys as old programs can send them, and one form of refusals. */
export function SpeaksEventQueue(): ClassDecorator {
  return applyDecorators(
    AllowBasicKey(),
    ApiBasicAuth(),
    ApiDefaultResponse({ type: RefusalDto, description: 'A refusal' }),
  );
}
