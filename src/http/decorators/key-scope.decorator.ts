import { applyDecorators, SetMetadata } from '@nestjs/common';
import { ApiExtension } from '@nestjs/swagger';
import type { KeyScope as Scope } from '../../common/access/key-scope.js';

export const KEY_RULE = 'keyRule';

/** The caller of a route with an API key: whom `X-Act-As` names, or the administrator who made the key. */
export type KeyActor = 'named' | 'maker';

export interface KeyRule {
  scope: Scope;
  actor: KeyActor;
}

/** Opens a route, or a controller, to API keys that have this scope. A route without it is closed to every key. */
export const KeyScope = (scope: Scope, actor: KeyActor = 'named'): MethodDecorator & ClassDecorator =>
  applyDecorators(SetMetadata(KEY_RULE, { scope, actor } satisfies KeyRule), ApiExtension('x-api-key-scope', scope));
