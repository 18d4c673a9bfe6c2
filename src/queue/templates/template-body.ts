import { z } from 'zod';

/** Characters of one text of a template, and bytes of a whole one as JSON. */
const longestText = 4_000;
const longestBody = 32_768;

const text = z.string().max(longestText);

const field = z.strictObject({
  name: text,
  value: text.describe('A field whose value comes to nothing is left out.'),
  inline: z.boolean().optional(),
  each: z
    .string()
    .min(1)
    .max(500)
    .optional()
    .describe('A list or an object: the field is there for each entry, as `item`, with `key` and `index`.'),
});

/** What an operator writes of a type of notification. Texts are filled in with what the notification brings. */
export const templateBody = z
  .strictObject({
    content: text.optional().describe('The text above the embed.'),
    author: text.optional(),
    title: text.optional(),
    url: text.optional().describe('Where the title leads to.'),
    description: text.optional(),
    color: z
      .union([z.int().min(0).max(0xffffff), text])
      .optional()
      .describe('`#rrggbb`, a number or a name such as `green`.'),
    fields: z.array(field).max(25).optional(),
    footer: text.optional(),
    timestamp: z.boolean().optional().describe('False: the embed does not say when it was sent.'),
  })
  .refine(({ content, author, title, description, footer, fields }) => {
    return [content, author, title, description, footer].some((words) => words?.trim()) || (fields?.length ?? 0) > 0;
  }, 'must have a text or a field')
  .refine(
    (body) => Buffer.byteLength(JSON.stringify(body)) <= longestBody,
    `must be at most ${longestBody} bytes of JSON`,
  );
export type TemplateBody = z.infer<typeof templateBody>;
