import { createZodDto } from 'nestjs-zod';
import { z } from 'zod';
import { templateBody } from '../queue/templates/template-body.js';
import { locales } from '../domain/notification.js';

const key = {
  type: z.string().regex(/^[\w.:-]{1,64}$/, 'must be 1 to 64 letters, digits, "_", ".", ":" or "-"'),
  locale: z.enum(locales),
};

export class TemplateParams extends createZodDto(z.object(key)) {}

export class TemplateWriting extends createZodDto(templateBody) {}

const summary = z.object({
  ...key,
  updatedAt: z.iso.datetime(),
  lastError: z
    .object({ at: z.iso.datetime(), message: z.string() })
    .nullable()
    .describe('Why it could not be used when that happened last; its notifications then had another form.'),
});

export class TemplateAnswer extends createZodDto(summary.extend({ template: z.record(z.string(), z.unknown()) })) {}

export class TemplateList extends createZodDto(z.object({ templates: z.array(summary) })) {}
