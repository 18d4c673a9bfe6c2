import { createZodDto } from 'nestjs-zod';
import { z } from 'zod';

const boardId = z.string().regex(/^\d{1,18}$/, 'must be the id of a board');

export class BoardPath extends createZodDto(z.object({ id: boardId })) {}

export class BoardQuery extends createZodDto(
  z.strictObject({
    limit: z.coerce.number().int().min(1).max(200).default(50),
    before: boardId.optional().describe('Those with a lower id: the `next` of the page before.'),
    collapseKey: z
      .string()
      .regex(/^[^\p{Cc}]{1,128}$/u, 'must be 1 to 128 characters, none of them a control character')
      .optional(),
  }),
) {}

const board = z.object({
  id: z.string(),
  collapseKey: z.string(),
  publisher: z.string().describe('Fingerprint of the key whose notifications it shows.'),
  destination: z.string().describe('Such as `channel:<id>`.'),
  messageId: z.string().nullable().describe('Null while nobody knows of a message.'),
  updatedAt: z.iso.datetime(),
});

export class BoardPage extends createZodDto(z.object({ boards: z.array(board), next: z.string().nullable() })) {}
