import { applyDecorators, SetMetadata } from '@nestjs/common';
import { ApiBearerAuth, ApiForbiddenResponse, ApiUnauthorizedResponse } from '@nestjs/swagger';
import { type AccessRule, accessRuleKey } from './access-rule.js';
import { type Scope } from './scope.js';

/** Lets in keys that have one of the scopes (`admin` has them all) and says so in the OpenAPI document. */
export function RequireScope(...scopes: [Scope, ...Scope[]]): MethodDecorator & ClassDecorator {
  return applyDecorators(
    SetMetadata<string, AccessRule>(accessRuleKey, scopes),
    ApiBearerAuth(),
    ApiUnauthorizedResponse({ description: 'No key, or a key that is not known.' }),
    ApiForbiddenResponse({ description: `The key has none of the scopes: ${scopes.join(', ')}.` }),
  );
}
