import { createZodDto } from 'nestjs-zod';
import { z } from 'zod';
import { publishRequest } from '../queue/publish-request.js';
import { templateBody } from '../queue/templates/template-body.js';
import { locales } from '../domain/notification.js';

export class PreviewRequest extends createZodDto(
  publishRequest.safeExtend({
    template: templateBody.optional().describe('To try before it is stored. Admin keys only.'),
  }),
) {}

const form = z
  .object({
    kind: z.enum(['message', 'trial', 'template', 'built-in', 'generic']),
    type: z.string().optional(),
    locale: z.enum(locales).optional(),
  })
  .describe('message: it was ready; trial: the template of the request; template: a stored one; else a form of ours');

export class PreviewAnswer extends createZodDto(
  z.object({
    message: z.record(z.string(), z.unknown()).describe('What is sent, within the limits of Discord.'),
    discord: z
      .record(z.string(), z.unknown())
      .nullable()
      .describe('The same as the body that Discord gets. Null when it says nothing, and nothing would be sent.'),
    template: form,
    warnings: z.array(z.string()).describe('What is cut, which variables are missing, and why a template is not used.'),
  }),
) {}
