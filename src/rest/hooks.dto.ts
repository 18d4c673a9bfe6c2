import { createZodDto } from 'nestjs-zod';
import { z } from 'zod';

export class IgnoredHookDto extends createZodDto(
  z.object({ status: z.literal('ignored').describe('Nothing to tell, such as a ping.') }),
) {}
