import { type CanActivate, type ExecutionContext, Injectable } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { type Response } from 'express';
import { Fault } from '../domain/fault.js';
import { type AccessRule, accessRuleKey } from './access-rule.js';
import { type ApiKey, ApiKeys } from './api-keys.js';
import { basicKey, basicKeyAllowed } from './basic-key.decorator.js';
import { AttemptLimiter } from './attempt-limiter.js';
import { identifyKey } from './identify-key.js';
import { type KeyedRequest } from './caller-key.decorator.js';

/**
 * The one door of HTTP. A handler without a rule is closed to everybody, so that a forgotten decorator shows nothing.
 * Failed tries are counted here, since guards run before every interceptor.
 */
@Injectable()
export class AccessGuard implements CanActivate {
  constructor(
    private readonly reflector: Reflector,
    private readonly apiKeys: ApiKeys,
    private readonly attempts: AttemptLimiter,
  ) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const request = context.switchToHttp().getRequest<KeyedRequest>();
    const response = context.switchToHttp().getResponse<Response>();
    const targets = [context.getHandler(), context.getClass()];
    const rule = this.reflector.getAllAndOverride<AccessRule | undefined>(accessRuleKey, targets);
    if (rule === undefined) {
      throw new Fault('access.scope_missing', 'This address is closed: it says nothing about who may call it.');
    }
    const basic = this.reflector.getAllAndOverride<true | undefined>(basicKeyAllowed, targets);
    const presented = bearerKey(request.headers.authorization) ?? (basic && basicKey(request.headers));
    if (presented !== undefined) request.apiKey = await this.identify(presented, request, response);
    if (rule === 'public') return true;
    if (!request.apiKey) {
      response.setHeader('WWW-Authenticate', 'Bearer');
      throw new Fault('access.key_required', 'Send a key in the header: Authorization: Bearer <key>.');
    }
    const { scopes } = request.apiKey;
    if (!rule.some((scope) => scopes.has(scope))) {
      throw new Fault('access.scope_missing', `This needs a key with the scope ${rule.join(' or ')}.`);
    }
    return true;
  }

  private async identify(presented: string, request: KeyedRequest, response: Response): Promise<ApiKey> {
    try {
      return await identifyKey(this.apiKeys, this.attempts, presented, request.ip ?? '');
    } catch (error) {
      if (error instanceof Fault && error.code === 'access.key_unknown') {
        response.setHeader('WWW-Authenticate', 'Bearer error="invalid_token"');
      }
      throw error;
    }
  }
}

/** Undefined without a key. Other schemes are not ours: a proxy in front may use them for itself. */
function bearerKey(header: string | undefined): string | undefined {
  return header === undefined ? undefined : /^bearer +([\x21-\x7e]+) *$/i.exec(header)?.[1];
}
