import { z } from 'zod';

export const databaseConfig = z.object({
  DATABASE_URL: z
    .string()
    .regex(/^postgres(ql)?:\/\//, 'must begin with postgres:// or postgresql://')
    .optional(),
  DATA_DIR: z.string().min(1).default('./data'),
  DATABASE_POOL_SIZE: z.coerce.number().int().min(2).max(200).default(10),
});
export type DatabaseConfig = z.infer<typeof databaseConfig>;
