import { z } from 'zod';

export const databaseConfig = z.object({
  /** A socket is written `postgresql://user@localhost/name?host=/its/folder`. */
  DATABASE_URL: z
    .string()
    .regex(/^postgres(ql)?:\/\//, 'must begin with postgres:// or postgresql://')
    .refine((text) => URL.canParse(text), 'must be a URL such as postgresql://user:password@host:5432/name')
    .optional(),
  DATA_DIR: z.string().min(1).default('./data'),
  DATABASE_POOL_SIZE: z.coerce.number().int().min(2).max(200).default(10),
});
