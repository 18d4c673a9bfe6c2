import { SetMetadata } from '@nestjs/common';
import { type AccessRule, accessRuleKey } from './access-rule.js';

/** Opens a handler, or all of a controller, to callers without a key. A key that is sent all the same must be valid. */
export function Public(): MethodDecorator & ClassDecorator {
  return SetMetadata<string, AccessRule>(accessRuleKey, 'public');
}
