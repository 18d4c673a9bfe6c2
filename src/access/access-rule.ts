import { type Scope } from './scope.js';

/** Who may call a handler: everybody, or keys that have at least one of the scopes. */
export type AccessRule = 'public' | readonly Scope[];

/** One metadata name for both decorators: a handler's own rule beats the rule of its controller, whichever they are. */
export const accessRuleKey = 'guildcast:access-rule';
